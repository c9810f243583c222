import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ClusterSchema, type Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { UpstreamTlsContextSchema } from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import type { Fault } from '../../../shared/api/fault.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { xdsToJson } from '../../../shared/xds-json.js';
import { extProcTargetOf, withExtProcCluster } from './extproc-cluster.js';
import { routerProcessor, upstreamProcessor } from './ext-proc-filters.js';
import type { ExtProcTarget } from './extproc-target.js';
import { unpack } from './packed.js';

const UDS: ExtProcTarget = { udsPath: '/etc/ai-gateway-extproc-uds/run.sock' };
const DEPLOYMENT: ExtProcTarget = { dnsName: 'extproc.ns.svc', port: 1063 };
const clusterFor = (target: ExtProcTarget): Cluster => {
  const [cluster] = withExtProcCluster([], target);
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

describe('withExtProcCluster', () => {
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
    expect(withExtProcCluster(clusters, UDS)).toBe(clusters);
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
          value: {
            trustedCa: { specifier: { case: 'inlineString', value: 'PEM' } },
            matchTypedSubjectAltNames: [{ matcher: { matchPattern: { case: 'exact', value: name } } }],
          },
        },
      },
    });
  });

  it('does not reach a deployment whose CA is not known', () => {
    const cluster = clusterFor({ ...DEPLOYMENT, tls: { ca: '' } });
    expect(cluster.loadAssignment?.endpoints).toEqual([]);
    expect(cluster.transportSocket).toBeUndefined();
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

  it('bring none to the processor beside Envoy', () => {
    expect(metadataOf(UDS)).toEqual([[['x-aigw-filter', 'router']], [['x-aigw-filter', 'upstream']]]);
  });
});

describe('extProcTargetOf', () => {
  const world = snapshotOf([]);
  const choose = (gateways: readonly string[]) => {
    const faults: Fault[] = [];
    const deployed = (gateway: string) => (gateway.startsWith('deployed') ? { ...DEPLOYMENT } : undefined);
    const target = extProcTargetOf(
      gateways,
      world,
      { extProcAddress: UDS, extProcDeploymentOf: deployed, logRequestHeaderAttributes: new Map() },
      (fault) => void faults.push(fault),
    );
    return { target, faults: faults.map(({ object, reason }) => [object, reason]) };
  };

  it.each([
    ['the processor beside Envoy', ['beside'], UDS],
    ['the deployment', ['deployed'], DEPLOYMENT],
    ['the same deployment of merged Gateways', ['deployed-a', 'deployed-b'], DEPLOYMENT],
    ['the processor beside Envoy when nothing tells the Gateway', [], UDS],
  ])('is %s', (_case, gateways, expected) => {
    expect(choose(gateways)).toEqual({ target: expected, faults: [] });
  });

  it('is that of the first of merged Gateways that differ, and tells about the others', () => {
    expect(choose(['beside', 'deployed'])).toEqual({ target: UDS, faults: [['deployed', 'ConflictingExtProc']] });
  });
});
