import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  ClusterSchema,
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  type Cluster,
} from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { AddressSchema } from '../../../gen/proto/envoy/config/core/v3/address_pb.js';
import { TransportSocketSchema, type TransportSocket } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import { SubjectAltNameMatcher_SanType } from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import { UpstreamTlsContextSchema } from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { ObjectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { EditOptions, Report } from './edit-options.js';
import type { ExtProcDeployment, ExtProcTarget, ExtProcTls } from './extproc-target.js';
import { UNLIMITED_CIRCUIT, http2Options } from './grpc-clusters.js';
import { AFFINITY_METADATA, EXT_PROC_CLUSTER } from './xds-names.js';

const BUFFER_LIMIT_BYTES = 50 * 1024 * 1024;
const WINDOWS = { initialConnectionWindowSize: 1024 * 1024, initialStreamWindowSize: 64 * 1024 };

/** `clusters` with the external processor's cluster at the end; as they are when it is there. @see spec section 10 */
export function withExtProcCluster(clusters: Cluster[], target: ExtProcTarget): Cluster[] {
  return clusters.some((cluster) => cluster.name === EXT_PROC_CLUSTER)
    ? clusters
    : [...clusters, extProcCluster(target)];
}

function extProcCluster(target: ExtProcTarget): Cluster {
  return create(ClusterSchema, {
    name: EXT_PROC_CLUSTER,
    connectTimeout: durationFromMs(10_000),
    perConnectionBufferLimitBytes: BUFFER_LIMIT_BYTES,
    circuitBreakers: UNLIMITED_CIRCUIT,
    loadAssignment: {
      clusterName: EXT_PROC_CLUSTER,
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
  clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC } as const,
  typedExtensionProtocolOptions: http2Options(WINDOWS),
});

/**
 * All streams of a request meet in one replica: each stream brings the same key of its request, and the ring of replicas is
 * the same for all. A replica that is shutting down tells so by its health service and gets no new requests; one that is gone
 * is found out by pings. Tried on Envoy 1.38.3 with three replicas, retries included.
 */
function deploymentMembers({ dnsName, tls }: ExtProcDeployment) {
  return {
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STRICT_DNS } as const,
    // A replica that is gone without a word, or is new, is known of within a second and what name servers keep answers for.
    dnsRefreshRate: durationFromMs(1_000),
    lbPolicy: Cluster_LbPolicy.RING_HASH,
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

function tlsSocket(dnsName: string, { ca, serverName = dnsName }: ExtProcTls): TransportSocket {
  const context = create(UpstreamTlsContextSchema, {
    sni: serverName,
    commonTlsContext: {
      alpnProtocols: ['h2'],
      validationContextType: {
        case: 'validationContext',
        value: {
          trustedCa: { specifier: { case: 'inlineString', value: ca } },
          matchTypedSubjectAltNames: [
            {
              sanType: SubjectAltNameMatcher_SanType.DNS,
              matcher: { matchPattern: { case: 'exact', value: serverName } },
            },
          ],
        },
      },
    },
  });
  return create(TransportSocketSchema, {
    name: 'envoy.transport_sockets.tls',
    typedConfig: anyPack(UpstreamTlsContextSchema, context),
  });
}

function addressOf(target: ExtProcTarget): NonNullable<MessageInitShape<typeof AddressSchema>['address']> {
  if ('udsPath' in target) return { case: 'pipe', value: { path: target.udsPath } };
  const address = 'dnsName' in target ? target.dnsName : target.host;
  return { case: 'socketAddress', value: { address, portSpecifier: { case: 'portValue', value: target.port } } };
}

/**
 * The processor of the Gateways that one Envoy serves. There is one processor for an Envoy: of merged Gateways that ask for
 * different ones the first by name decides.
 */
export function extProcTargetOf(
  gateways: readonly ObjectKey[],
  world: Snapshot,
  options: EditOptions,
  report: Report,
): ExtProcTarget {
  const [first, ...others] = gateways.map((gateway) => ({
    gateway,
    target: options.extProcDeploymentOf?.(gateway, world) ?? options.extProcAddress,
  }));
  if (first === undefined) return options.extProcAddress;
  for (const other of others) {
    if (!isSame(first.target, other.target)) report(conflict(first.gateway, other.gateway));
  }
  return first.target;
}

const isSame = (left: ExtProcTarget, right: ExtProcTarget): boolean => JSON.stringify(left) === JSON.stringify(right);

const conflict = (first: ObjectKey, other: ObjectKey): Fault => ({
  object: other,
  path: '',
  reason: 'ConflictingExtProc',
  message:
    `the Gateway shares its Envoy with ${first}, which asks for another external processor; that one serves both. Give ` +
    'merged Gateways the same external processor.',
  severity: 'warning',
});
