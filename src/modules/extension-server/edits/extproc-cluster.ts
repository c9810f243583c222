import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  ClusterSchema,
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  type Cluster,
} from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { OutlierDetectionSchema } from '../../../gen/proto/envoy/config/cluster/v3/outlier_detection_pb.js';
import type { AddressSchema } from '../../../gen/proto/envoy/config/core/v3/address_pb.js';
import { ApiVersion } from '../../../gen/proto/envoy/config/core/v3/config_source_pb.js';
import { TransportSocketSchema, type TransportSocket } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import { SubjectAltNameMatcher_SanType } from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import { SecretSchema, type Secret } from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { UpstreamTlsContextSchema } from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { ServiceUse } from '../../../shared/api/generated-http-route.js';
import type { ObjectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { EditOptions, Report } from './edit-options.js';
import { extProcClusterName, type ExtProcDeployment, type ExtProcTarget, type ExtProcTls } from './extproc-target.js';
import { UNLIMITED_CIRCUIT, http2Options } from './grpc-clusters.js';
import { AFFINITY_METADATA } from './xds-names.js';

const BUFFER_LIMIT_BYTES = 50 * 1024 * 1024;
const WINDOWS = { initialConnectionWindowSize: 1024 * 1024, initialStreamWindowSize: 64 * 1024 };

/** `clusters` with those of external processors at the end; as they are when all are there. @see spec section 10 */
export function withExtProcClusters(clusters: Cluster[], targets: readonly ExtProcTarget[]): Cluster[] {
  const names = new Set(clusters.map(({ name }) => name));
  const missing = targets.filter((target) => !names.has(extProcClusterName(target)));
  return missing.length === 0 ? clusters : [...clusters, ...missing.map(extProcCluster)];
}

function extProcCluster(target: ExtProcTarget): Cluster {
  const name = extProcClusterName(target);
  return create(ClusterSchema, {
    name,
    perConnectionBufferLimitBytes: BUFFER_LIMIT_BYTES,
    circuitBreakers: UNLIMITED_CIRCUIT,
    loadAssignment: {
      clusterName: name,
      endpoints: isReachable(target)
        ? [
            {
              lbEndpoints: [
                { hostIdentifier: { case: 'endpoint', value: { address: { address: addressOf(target) } } } },
              ],
            },
          ]
        : [],
    },
    ...('dnsName' in target ? deploymentMembers(target) : besideEnvoyMembers()),
  });
}

/** One that cannot be verified as asked for gets no requests. */
const isReachable = (target: ExtProcTarget): boolean =>
  !('tls' in target) || target.tls === undefined || target.tls.ca !== '';

const besideEnvoyMembers = () => ({
  connectTimeout: durationFromMs(10_000),
  clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC } as const,
  typedExtensionProtocolOptions: http2Options(WINDOWS),
});

/**
 * All streams of a request meet in one replica: each stream brings the same key of its request, and the ring of replicas is
 * the same for all. A replica that is shutting down tells so by its health service and gets no new requests; one that is gone
 * is found out by pings, or by what cannot be sent to it. Tried on Envoy 1.38.3 with three replicas, retries included.
 */
function deploymentMembers({ dnsName, tls }: ExtProcDeployment) {
  return {
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STRICT_DNS } as const,
    // A replica that is gone without a word, or is new, is known of within a second and what name servers keep answers for.
    dnsRefreshRate: durationFromMs(1_000),
    lbPolicy: Cluster_LbPolicy.RING_HASH,
    // Another replica is tried then, within the time of one answer.
    connectTimeout: durationFromMs(2_000),
    outlierDetection: GONE_REPLICAS,
    healthChecks: [
      {
        timeout: durationFromMs(2_000),
        interval: durationFromMs(5_000),
        noTrafficInterval: durationFromMs(5_000),
        unhealthyThreshold: 2,
        healthyThreshold: 1,
        grpcHealthCheck: {},
      },
    ],
    typedExtensionProtocolOptions: http2Options(
      { ...WINDOWS, connectionKeepalive: { interval: durationFromMs(30_000), timeout: durationFromMs(10_000) } },
      { hashPolicy: [{ header: { headerName: AFFINITY_METADATA } }] },
    ),
    ...(tls?.ca ? { transportSocket: tlsSocket(dnsName, tls) } : {}),
  };
}

/**
 * A replica to which two streams in a row could not be opened gets none for 5 s, unless it would be the half of them. What a
 * replica answers does not count: a gRPC status tells nothing of its health.
 */
const GONE_REPLICAS: MessageInitShape<typeof OutlierDetectionSchema> = {
  splitExternalLocalOriginErrors: true,
  consecutiveLocalOriginFailure: 2,
  enforcingConsecutiveLocalOriginFailure: 100,
  interval: durationFromMs(1_000),
  baseEjectionTime: durationFromMs(5_000),
  maxEjectionPercent: 50,
  enforcingConsecutive5xx: 0,
  enforcingConsecutiveGatewayFailure: 0,
  enforcingSuccessRate: 0,
};

/**
 * The CA is a resource of its own (SDS): a cluster whose configuration changes is replaced, and with it all its streams end,
 * while another CA is for the next connections only.
 */
function tlsSocket(dnsName: string, { serverName = dnsName }: ExtProcTls): TransportSocket {
  const context = create(UpstreamTlsContextSchema, {
    sni: serverName,
    commonTlsContext: {
      alpnProtocols: ['h2'],
      validationContextType: {
        case: 'combinedValidationContext',
        value: {
          defaultValidationContext: {
            matchTypedSubjectAltNames: [
              {
                sanType: SubjectAltNameMatcher_SanType.DNS,
                matcher: { matchPattern: { case: 'exact', value: serverName } },
              },
            ],
          },
          validationContextSdsSecretConfig: {
            name: CA_SECRET,
            sdsConfig: { configSourceSpecifier: { case: 'ads', value: {} }, resourceApiVersion: ApiVersion.V3 },
          },
        },
      },
    },
  });
  return create(TransportSocketSchema, {
    name: 'envoy.transport_sockets.tls',
    typedConfig: anyPack(UpstreamTlsContextSchema, context),
  });
}

/** Name of the resource with the CA of the processors. */
const CA_SECRET = 'ai-gateway-extproc-ca';

/** `secrets` with the CA that these processors are verified by at the end; as they are when there is none, or it is there. */
export function withExtProcCA(secrets: Secret[], targets: readonly ExtProcTarget[]): Secret[] {
  const [ca] = targets.flatMap((target) => ('tls' in target && target.tls?.ca ? [target.tls.ca] : []));
  if (ca === undefined || secrets.some(({ name }) => name === CA_SECRET)) return secrets;
  const validationContext = { trustedCa: { specifier: { case: 'inlineString', value: ca } } } as const;
  return [
    ...secrets,
    create(SecretSchema, { name: CA_SECRET, type: { case: 'validationContext', value: validationContext } }),
  ];
}

function addressOf(target: ExtProcTarget): NonNullable<MessageInitShape<typeof AddressSchema>['address']> {
  if ('udsPath' in target) return { case: 'pipe', value: { path: target.udsPath } };
  const address = 'dnsName' in target ? target.dnsName : target.host;
  return { case: 'socketAddress', value: { address, portSpecifier: { case: 'portValue', value: target.port } } };
}

/** The processors of one Envoy. */
export interface ExtProcs {
  /** The one that the filters of listeners ask. */
  readonly ofRequests: ExtProcTarget;
  /** The one that the filters of clusters ask. */
  readonly ofAttempts: ExtProcTarget;
  /** With others, to which streams that were opened before may lead. */
  readonly known: readonly ExtProcTarget[];
}

/**
 * The processors of the Gateways that one Envoy serves. It asks one of them: the Service where the routes tell so and there is
 * one, and of merged Gateways that ask for different ones the first by name decides.
 */
export function extProcsOf(
  gateways: readonly ObjectKey[],
  useOf: (gateway: ObjectKey) => ServiceUse,
  { world, options, report }: { readonly world: Snapshot; readonly options: EditOptions; readonly report: Report },
): ExtProcs {
  const { extProcAddress, extProcDeploymentOf } = options;
  const [first, ...others] = gateways.map((gateway) => {
    const deployment = extProcDeploymentOf?.(gateway, world);
    const targetFor = (...uses: readonly ServiceUse[]) =>
      (uses.includes(useOf(gateway)) ? deployment : undefined) ?? extProcAddress;
    const targets = { ofRequests: targetFor('crossing', 'used'), ofAttempts: targetFor('used') };
    return { gateway, deployment, targets };
  });
  if (first === undefined) return { ofRequests: extProcAddress, ofAttempts: extProcAddress, known: [extProcAddress] };
  for (const other of others) {
    if (!isSame(first.targets, other.targets)) report(conflict(first.gateway, other.gateway));
  }
  return { ...first.targets, known: [extProcAddress, ...(first.deployment ? [first.deployment] : [])] };
}

const isSame = (left: object, right: object): boolean => JSON.stringify(left) === JSON.stringify(right);

const conflict = (first: ObjectKey, other: ObjectKey): Fault => ({
  object: other,
  path: '',
  reason: 'ConflictingExtProc',
  message:
    `the Gateway shares its Envoy with ${first}, which asks for another external processor; that one serves both. Give ` +
    'merged Gateways the same external processor.',
  severity: 'warning',
});
