import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  ClusterSchema,
  Cluster_DiscoveryType,
  type Cluster,
} from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { AddressSchema } from '../../../gen/proto/envoy/config/core/v3/address_pb.js';
import { HttpProtocolOptionsSchema } from '../../../gen/proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import type { ExtProcAddress } from './edit-options.js';
import { EXT_PROC_CLUSTER, HTTP_PROTOCOL_OPTIONS } from './xds-names.js';

/** Largest value of the protocol field: no limit. */
const UNLIMITED = 0xffff_ffff;
const BUFFER_LIMIT_BYTES = 50 * 1024 * 1024;

/** `clusters` with the external processor's cluster at the end; as they are when it is there. @see spec section 10 */
export function withExtProcCluster(clusters: Cluster[], address: ExtProcAddress): Cluster[] {
  return clusters.some((cluster) => cluster.name === EXT_PROC_CLUSTER)
    ? clusters
    : [...clusters, extProcCluster(address)];
}

function extProcCluster(address: ExtProcAddress): Cluster {
  const options = create(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: {
      case: 'explicitHttpConfig',
      value: {
        protocolConfig: {
          case: 'http2ProtocolOptions',
          value: { initialConnectionWindowSize: 1024 * 1024, initialStreamWindowSize: 64 * 1024 },
        },
      },
    },
  });
  return create(ClusterSchema, {
    name: EXT_PROC_CLUSTER,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    connectTimeout: durationFromMs(10_000),
    perConnectionBufferLimitBytes: BUFFER_LIMIT_BYTES,
    // Each request holds two streams for its whole life; with Envoy's 1024 the rest gets 500 `overflow` (21.1).
    circuitBreakers: {
      thresholds: [
        {
          maxConnections: UNLIMITED,
          maxPendingRequests: UNLIMITED,
          maxRequests: UNLIMITED,
          maxRetries: UNLIMITED,
        },
      ],
    },
    typedExtensionProtocolOptions: { [HTTP_PROTOCOL_OPTIONS]: anyPack(HttpProtocolOptionsSchema, options) },
    loadAssignment: {
      clusterName: EXT_PROC_CLUSTER,
      endpoints: [
        {
          lbEndpoints: [{ hostIdentifier: { case: 'endpoint', value: { address: { address: addressOf(address) } } } }],
        },
      ],
    },
  });
}

function addressOf(address: ExtProcAddress): NonNullable<MessageInitShape<typeof AddressSchema>['address']> {
  return 'udsPath' in address
    ? { case: 'pipe', value: { path: address.udsPath } }
    : {
        case: 'socketAddress',
        value: { address: address.host, portSpecifier: { case: 'portValue', value: address.port } },
      };
}
