import { create } from '@bufbuild/protobuf';
import { BoolValueSchema, durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  Cluster_OriginalDstLbConfigSchema,
  type Cluster,
} from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { Route, RouteAction } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import { headers, internalMetadata } from '../../../shared/headers.js';
import { withInternalMetadata } from './filter-metadata.js';
import { encodePool, parsePools, type PoolReference } from './inference-pool.js';

export interface HookResult<Resource> {
  readonly resource: Resource;
  /** What is wrong with the extension resources, for the log. */
  readonly problems: readonly string[];
}

/**
 * Hook `PostClusterModify`: the cluster of an InferencePool goes to the endpoint that its endpoint picker names in a request
 * header. A cluster without pool comes back as it is, and so does one with several pools: Envoy Gateway makes no endpoints
 * for it, so it answers 503, and other routes go on (21.15). @see spec extension-server.md section 6
 */
export function modifyPoolCluster(cluster: Cluster, resources: readonly Uint8Array[]): HookResult<Cluster> {
  const { pool, problems } = onePool(`cluster "${cluster.name}"`, resources);
  return { resource: pool === undefined ? cluster : poolCluster(cluster, pool), problems };
}

function poolCluster(cluster: Cluster, pool: PoolReference): Cluster {
  const { loadBalancingPolicy: _, edsClusterConfig: __, ...kept } = cluster;
  return {
    ...kept,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.ORIGINAL_DST },
    lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED,
    connectTimeout: durationFromMs(10_000),
    lbConfig: {
      case: 'originalDstLbConfig',
      value: create(Cluster_OriginalDstLbConfigSchema, {
        useHttpHeader: true,
        httpHeaderName: headers.destinationEndpoint,
      }),
    },
    metadata: withInternalMetadata(cluster.metadata, { [internalMetadata.inferencePool]: encodePool(pool) }),
  };
}

/**
 * Hook `PostRouteModify`: a route to an InferencePool keeps the client's host, because its endpoints are IP addresses, and
 * names the pool. Routes that answer themselves come back as they are. @see spec extension-server.md section 7
 */
export function modifyPoolRoute(route: Route, resources: readonly Uint8Array[]): HookResult<Route> {
  const { pool, problems } = onePool(`route "${route.name}"`, resources);
  if (pool === undefined || route.action.case !== 'route') return { resource: route, problems };
  const action: RouteAction = {
    ...route.action.value,
    hostRewriteSpecifier: { case: 'autoHostRewrite', value: create(BoolValueSchema, { value: false }) },
  };
  return {
    resource: {
      ...route,
      action: { case: 'route', value: action },
      metadata: withInternalMetadata(route.metadata, { [internalMetadata.inferencePool]: encodePool(pool) }),
    },
    problems,
  };
}

function onePool(
  place: string,
  resources: readonly Uint8Array[],
): { readonly pool?: PoolReference; readonly problems: readonly string[] } {
  const { pools, problems } = parsePools(resources);
  const [pool, ...others] = pools;
  if (others.length > 0) {
    const text = `${place} has ${pools.length} InferencePools, a rule may have one; it is left as it is and answers 503`;
    return { problems: [...problems, text] };
  }
  return { ...(pool === undefined ? {} : { pool }), problems };
}
