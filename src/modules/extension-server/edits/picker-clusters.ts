import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  ClusterSchema,
  type Cluster,
} from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { HealthStatus } from '../../../gen/proto/envoy/config/core/v3/health_check_pb.js';
import {
  SubjectAltNameMatcher_SanType,
  type CertificateValidationContextSchema,
} from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import { UpstreamTlsContextSchema } from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { objectKey } from '../../../shared/api/kube-object.js';
import { kinds } from '../../../shared/api/kinds.js';
import { secretText } from '../../../shared/api/secret-text.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { Report } from './edit-options.js';
import { UNLIMITED_CIRCUIT, http2Options } from './grpc-clusters.js';
import {
  distinctPools,
  pickerClusterName,
  pickerHost,
  poolOf,
  type InferencePool,
  type PoolReference,
} from './inference-pool.js';

/**
 * On an InferencePool: name of the Secret in its namespace whose `ca.crt` the endpoint picker's certificate must lead to, or
 * `system` for the certificate authorities of Envoy's machine. Without it the certificate is not verified (21.12).
 */
export const PICKER_CA_ANNOTATION = 'aigateway.envoyproxy.io/endpoint-picker-ca';
export const SYSTEM_CA = 'system';

type Validation = MessageInitShape<typeof CertificateValidationContextSchema>;

/** `clusters` with those of the endpoint pickers at the end, by name; as they are when all are there. @see spec section 14 */
export function withPickerClusters(clusters: Cluster[], world: Snapshot, report: Report): Cluster[] {
  const names = new Set(clusters.map(({ name }) => name));
  const pools = distinctPools(clusters.map(({ metadata }) => poolOf(metadata)).filter((pool) => pool !== undefined));
  const missing = pools.filter((pool) => !names.has(pickerClusterName(pool)));
  return missing.length === 0 ? clusters : [...clusters, ...missing.map((pool) => pickerCluster(pool, world, report))];
}

function pickerCluster(pool: PoolReference, world: Snapshot, report: Report): Cluster {
  const name = pickerClusterName(pool);
  const host = pickerHost(pool);
  const validation = validationOf(pool, host, world, report);
  const endpoint = {
    address: {
      address: {
        case: 'socketAddress',
        value: { address: host, portSpecifier: { case: 'portValue', value: pool.pickerPort } },
      },
    },
  } as const;
  return create(ClusterSchema, {
    name,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STRICT_DNS },
    lbPolicy: Cluster_LbPolicy.LEAST_REQUEST,
    connectTimeout: durationFromMs(10_000),
    circuitBreakers: UNLIMITED_CIRCUIT,
    typedExtensionProtocolOptions: http2Options({}),
    loadAssignment: {
      clusterName: name,
      // A picker that cannot be verified as asked for is not reached at all.
      endpoints: validation
        ? [
            {
              lbEndpoints: [
                { healthStatus: HealthStatus.HEALTHY, hostIdentifier: { case: 'endpoint', value: endpoint } },
              ],
            },
          ]
        : [],
    },
    transportSocket: {
      name: 'envoy.transport_sockets.tls',
      typedConfig: anyPack(
        UpstreamTlsContextSchema,
        create(UpstreamTlsContextSchema, {
          sni: host,
          commonTlsContext: { validationContextType: { case: 'validationContext', value: validation ?? {} } },
        }),
      ),
    },
  });
}

/** Empty: the certificate is not verified; undefined: it should be and cannot. */
function validationOf(pool: PoolReference, host: string, world: Snapshot, report: Report): Validation | undefined {
  const object = world.get<InferencePool>(kinds.inferencePool, pool.namespace, pool.name);
  const wanted = object?.metadata.annotations?.[PICKER_CA_ANNOTATION];
  if (wanted === undefined) return {};
  const matchTypedSubjectAltNames: Validation['matchTypedSubjectAltNames'] = [
    { sanType: SubjectAltNameMatcher_SanType.DNS, matcher: { matchPattern: { case: 'exact', value: host } } },
  ];
  if (wanted === SYSTEM_CA) return { systemRootCerts: {}, matchTypedSubjectAltNames };
  const secret = world.get<Secret>(kinds.secret, pool.namespace, wanted);
  const certificates = secret && secretText(secret, 'ca.crt');
  if (certificates?.includes('-----BEGIN CERTIFICATE-----'))
    return {
      trustedCa: { specifier: { case: 'inlineString', value: certificates } },
      matchTypedSubjectAltNames,
    };
  report(missingCA(pool, wanted));
  return undefined;
}

const missingCA = (pool: PoolReference, secret: string): Fault => ({
  object: objectKey(kinds.inferencePool, pool.namespace, pool.name),
  path: `metadata.annotations["${PICKER_CA_ANNOTATION}"]`,
  reason: 'EndpointPickerCANotFound',
  message:
    `Secret ${pool.namespace}/${secret} has no certificates under ca.crt, so the endpoint picker cannot be verified and ` +
    `gets no requests. Create the Secret, write "${SYSTEM_CA}", or take the annotation away to do without verification.`,
  severity: 'error',
  missing: objectKey(kinds.secret, pool.namespace, secret),
});
