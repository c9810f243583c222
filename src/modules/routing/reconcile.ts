import type { ConditionState } from '../../shared/api/conditions.js';
import type { Fault } from '../../shared/api/fault.js';
import type { KubeObject, ObjectKey } from '../../shared/api/kube-object.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import type { FilterConfig } from '../../shared/filter-config/filter-config.js';
import { filterConfigId } from '../../shared/filter-config/serialize.js';
import { conditionsOf } from './conditions/conditions.js';
import { generateFilterConfig } from './generate/filter-config.js';
import { generateHTTPRouteFilters } from './generate/http-route-filters.js';
import { generateHTTPRoutes } from './generate/http-route.js';
import { ResolveContext } from './resolve/context.js';
import { faultsOfGraph, resolveGateway } from './resolve/resolve-gateway.js';
import { objectsOfGraph } from './resolve/graph-objects.js';

export interface RoutingOptions {
  /** Build version, written into the filter config. */
  readonly version: string;
  /** Path prefix of every generated rule; starts with `/`. */
  readonly rootPrefix: string;
}

export interface GatewayDesired {
  /** HTTPRouteFilters and HTTPRoutes, filters before the routes that refer to them. */
  readonly objects: readonly KubeObject[];
  readonly filterConfig: FilterConfig;
  /** Of every object of ours that the Gateway reaches; the times are put in by `withTransitionTimes`. */
  readonly conditions: ReadonlyMap<ObjectKey, readonly ConditionState[]>;
  readonly faults: readonly Fault[];
  /** Whether an AI route is attached, be it without any usable backend: the Gateway needs the External Processor. */
  readonly effective: boolean;
}

/** All that follows from one Gateway. The same world gives the same bytes, in whatever order its objects came. */
export function reconcileGateway(gateway: KubeObject, world: Snapshot, options: RoutingOptions): GatewayDesired {
  const graph = resolveGateway(new ResolveContext(world), gateway);
  const faults = faultsOfGraph(graph);
  const config = generateFilterConfig(graph, options.version);
  return {
    objects: graph.routes
      .filter((node) => !node.isRefused)
      .flatMap((node) => [...generateHTTPRouteFilters(node), ...generateHTTPRoutes(node, options.rootPrefix)]),
    filterConfig: { ...config, uuid: filterConfigId(config) },
    conditions: conditionsOf(objectsOfGraph(graph), faults),
    faults,
    effective: graph.routes.length > 0,
  };
}
