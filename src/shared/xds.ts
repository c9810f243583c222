import type { Cluster } from '../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { Listener } from '../gen/proto/envoy/config/listener/v3/listener_pb.js';
import type { RouteConfiguration } from '../gen/proto/envoy/config/route/v3/route_pb.js';
import type { Secret } from '../gen/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';

/**
 * The configuration of one Envoy: what Envoy Gateway hands to the translation hook, and what the standalone translator
 * makes. The order of each list is kept, because Envoy Gateway and Envoy see a changed order as a change.
 *
 * The messages are treated as immutable: an edit copies what it changes and passes on everything else by identity.
 */
export interface XdsResources {
  readonly listeners: Listener[];
  readonly routes: RouteConfiguration[];
  readonly clusters: Cluster[];
  readonly secrets: Secret[];
}
