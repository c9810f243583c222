import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ClusterSchema, type Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { SecretSchema } from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { UpstreamTlsContextSchema } from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { ServiceUse } from '../../../shared/api/generated-http-route.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { xdsToJson } from '../../../shared/xds-json.js';
import { extProcsOf, withExtProcCA, withExtProcClusters } from './extproc-cluster.js';
import { routerProcessor, upstreamProcessor } from './ext-proc-filters.js';
import type { ExtProcTarget } from './extproc-target.js';
import { unpack } from './packed.js';

const UDS: ExtProcTarget = { udsPath: '/etc/ai-gateway-extproc-uds/run.sock' };
const DEPLOYMENT: ExtProcTarget = { dnsName: 'extproc.ns.svc', port: 1063 };
const clusterFor = (target: ExtProcTarget): Cluster => {
  const [cluster] = withExtProcClusters([], [target]);
  if (cluster === undefined) throw new Error('no cluster was added');
  return cluster;
};
const jsonOf = (cluster: Cluster) =>
  xdsToJson({ clusters: [cluster], listeners: [], routes: [], secrets: [] }).clusters[0];
const options = (http2: object, others: object = {}) => ({
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
    '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    explicit_http_config: {
      http2_protocol_options: {
        initial_connection_window_size: 1_048_576,
        initial_stream_window_size: 65_536,
        ...http2,
      },
    },
    ...others,
  },
});

describe('withExtProcClusters', () => {
  it('appends the cluster of the socket with exactly these fields when it is missing', () => {
    const unlimited = 4_294_967_295;
    expect(jsonOf(clusterFor(UDS))).toEqual({
      name: 'ai-gateway-extproc-uds',
      type: 'STATIC',
      connect_timeout: '10s',
      per_connection_buffer_limit_bytes: 52_428_800,
      circuit_breakers: {
        thresholds: [
          {
            max_connections: unlimited,
            max_pending_requests: unlimited,
            max_requests: unlimited,
            max_retries: unlimited,
          },
        ],
      },
      load_assignment: {
        cluster_name: 'ai-gateway-extproc-uds',
        endpoints: [
          { lb_endpoints: [{ endpoint: { address: { pipe: { path: '/etc/ai-gateway-extproc-uds/run.sock' } } } }] },
        ],
      },
      typed_extension_protocol_options: options({}),
    });
  });

  it('does not duplicate the cluster when it is present', () => {
    const clusters = [create(ClusterSchema, { name: 'ai-gateway-extproc-uds' })];
    expect(withExtProcClusters(clusters, [UDS])).toBe(clusters);
  });

  it('gives a deployment a cluster of its own, beside that of the socket, which open streams may lead to', () => {
    const names = withExtProcClusters([], [UDS, DEPLOYMENT]).map(({ name }) => name);
    expect(names).toEqual(['ai-gateway-extproc-uds', 'ai-gateway-extproc-service']);
    expect(clusterFor(DEPLOYMENT).loadAssignment?.clusterName).toBe('ai-gateway-extproc-service');
  });

  it('finds the replicas of a deployment by DNS, one for all streams of a request, healthy ones only', () => {
    expect(jsonOf(clusterFor(DEPLOYMENT))).toMatchObject({
      type: 'STRICT_DNS',
      lb_policy: 'RING_HASH',
      load_assignment: {
        endpoints: [
          {
            lb_endpoints: [
              { endpoint: { address: { socket_address: { address: 'extproc.ns.svc', port_value: 1063 } } } },
            ],
          },
        ],
      },
      health_checks: [
        {
          timeout: '2s',
          interval: '5s',
          no_traffic_interval: '5s',
          unhealthy_threshold: 2,
          healthy_threshold: 1,
          grpc_health_check: {},
        },
      ],
      connect_timeout: '2s',
      // Only what happened before a replica answered: what it answers is no sign of its health.
      outlier_detection: {
        split_external_local_origin_errors: true,
        consecutive_local_origin_failure: 2,
        enforcing_consecutive_local_origin_failure: 100,
        interval: '1s',
        base_ejection_time: '5s',
        max_ejection_percent: 50,
        enforcing_consecutive_5xx: 0,
        enforcing_consecutive_gateway_failure: 0,
        enforcing_success_rate: 0,
      },
      typed_extension_protocol_options: options(
        { connection_keepalive: { interval: '30s', timeout: '10s' } },
        { hash_policy: [{ header: { header_name: 'x-aigw-affinity' } }] },
      ),
    });
    expect(clusterFor(DEPLOYMENT).transportSocket).toBeUndefined();
  });

  it.each([
    ['the DNS name', {}, 'extproc.ns.svc'],
    ['the server name that is given', { serverName: 'extproc.test' }, 'extproc.test'],
  ])('expects %s in the certificate of a deployment', (_case, others, name) => {
    const cluster = clusterFor({ ...DEPLOYMENT, tls: { ca: 'PEM', ...others } });
    expect(unpack(cluster.transportSocket?.typedConfig, UpstreamTlsContextSchema)).toMatchObject({
      sni: name,
      commonTlsContext: {
        alpnProtocols: ['h2'],
        tlsCertificates: [],
        validationContextType: {
          case: 'combinedValidationContext',
          value: {
            defaultValidationContext: {
              matchTypedSubjectAltNames: [{ matcher: { matchPattern: { case: 'exact', value: name } } }],
            },
            validationContextSdsSecretConfig: {
              name: 'ai-gateway-extproc-ca',
              sdsConfig: { configSourceSpecifier: { case: 'ads' } },
            },
          },
        },
      },
    });
  });

  it('has the same bytes whatever the CA is, so that streams outlive another one', () => {
    const [before, after] = ['old', 'new'].map((ca) => clusterFor({ ...DEPLOYMENT, tls: { ca } }));
    expect(after).toEqual(before);
  });

  it('does not reach a deployment whose CA is not known', () => {
    const cluster = clusterFor({ ...DEPLOYMENT, tls: { ca: '' } });
    expect(cluster.loadAssignment?.endpoints).toEqual([]);
    expect(cluster.transportSocket).toBeUndefined();
  });
});

describe('withExtProcCA', () => {
  const encrypted: ExtProcTarget = { ...DEPLOYMENT, tls: { ca: 'PEM' } };

  it('appends the CA of a deployment', () => {
    const other = create(SecretSchema, { name: 'other' });
    expect(withExtProcCA([other], [UDS, encrypted])).toMatchObject([
      { name: 'other' },
      {
        name: 'ai-gateway-extproc-ca',
        type: {
          case: 'validationContext',
          value: { trustedCa: { specifier: { case: 'inlineString', value: 'PEM' } } },
        },
      },
    ]);
  });

  it.each([
    { title: 'in plain text', targets: [UDS, DEPLOYMENT] },
    { title: 'whose CA is not known', targets: [UDS, { ...DEPLOYMENT, tls: { ca: '' } }] },
  ])('appends nothing for processors $title', ({ targets }) => {
    const secrets = [create(SecretSchema, { name: 'other' })];
    expect(withExtProcCA(secrets, targets)).toBe(secrets);
  });

  it('does not duplicate it', () => {
    const once = withExtProcCA([], [encrypted]);
    expect(withExtProcCA(once, [encrypted])).toBe(once);
  });
});

describe('streams to a deployment', () => {
  const metadataOf = (target: ExtProcTarget) =>
    [routerProcessor(target), upstreamProcessor([], target)].map(({ grpcService }) =>
      grpcService?.initialMetadata.map(({ key, value }) => [key, value]),
    );

  it('bring the key of their request, the same on both', () => {
    const key = ['x-aigw-affinity', '%STREAM_ID%/%CONNECTION_ID%'];
    expect(metadataOf(DEPLOYMENT)).toEqual([
      [['x-aigw-filter', 'router'], key],
      [['x-aigw-filter', 'upstream'], key],
    ]);
  });

  it('are tried at another replica when one is gone, unless it has begun to answer', () => {
    const policies = [routerProcessor(DEPLOYMENT), upstreamProcessor([], DEPLOYMENT)].map(
      ({ grpcService }) => grpcService?.retryPolicy,
    );
    for (const policy of policies)
      expect(policy).toMatchObject({
        numRetries: 2,
        retryOn: 'connect-failure,refused-stream,reset',
        retryHostPredicate: [
          {
            name: 'envoy.retry_host_predicates.previous_hosts',
            typedConfig: {
              typeUrl: 'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
            },
          },
        ],
        hostSelectionRetryMaxAttempts: 20n,
      });
  });

  it('are tried once at the processor beside Envoy', () => {
    expect(routerProcessor(UDS).grpcService?.retryPolicy).toBeUndefined();
    expect(upstreamProcessor([], UDS).grpcService?.retryPolicy).toBeUndefined();
  });

  it('bring none to the processor beside Envoy', () => {
    expect(metadataOf(UDS)).toEqual([[['x-aigw-filter', 'router']], [['x-aigw-filter', 'upstream']]]);
  });
});

describe('streams', () => {
  it.each([
    [UDS, 'ai-gateway-extproc-uds'],
    [DEPLOYMENT, 'ai-gateway-extproc-service'],
  ])('to %j lead to its cluster', (target, cluster) => {
    for (const { grpcService } of [routerProcessor(target), upstreamProcessor([], target)])
      expect(grpcService?.envoyGrpc?.clusterName).toBe(cluster);
  });
});

describe('extProcsOf', () => {
  const world = snapshotOf([]);
  const choose = (gateways: readonly string[], use: ServiceUse = 'used') => {
    const faults: Fault[] = [];
    const deployed = (gateway: string) => (gateway.startsWith('deployed') ? { ...DEPLOYMENT } : undefined);
    const procs = extProcsOf(gateways, () => use, {
      world,
      options: { extProcAddress: UDS, extProcDeploymentOf: deployed, logRequestHeaderAttributes: new Map() },
      report: (fault) => void faults.push(fault),
    });
    return { ...procs, faults: faults.map(({ object, reason }) => [object, reason]) };
  };

  it.each([
    ['the processor beside Envoy', ['beside'], UDS, [UDS]],
    ['the deployment', ['deployed'], DEPLOYMENT, [UDS, DEPLOYMENT]],
    ['the same deployment of merged Gateways', ['deployed-a', 'deployed-b'], DEPLOYMENT, [UDS, DEPLOYMENT]],
    ['the processor beside Envoy when nothing tells the Gateway', [], UDS, [UDS]],
  ])('is %s', (_case, gateways, target, known) => {
    expect(choose(gateways)).toEqual({ ofRequests: target, ofAttempts: target, known, faults: [] });
  });

  it.each<[ServiceUse, ExtProcTarget, ExtProcTarget]>([
    ['none', UDS, UDS],
    ['announced', UDS, UDS],
    ['crossing', DEPLOYMENT, UDS],
    ['used', DEPLOYMENT, DEPLOYMENT],
  ])('knows a deployment of use %s', (use, ofRequests, ofAttempts) => {
    expect(choose(['deployed'], use)).toEqual({ ofRequests, ofAttempts, known: [UDS, DEPLOYMENT], faults: [] });
  });

  it('is that of the first of merged Gateways that differ, and tells about the others', () => {
    expect(choose(['beside', 'deployed'])).toMatchObject({
      ofRequests: UDS,
      faults: [['deployed', 'ConflictingExtProc']],
    });
  });
});
