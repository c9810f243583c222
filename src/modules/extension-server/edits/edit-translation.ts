import type { Listener } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import type { RouteConfiguration } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { ObjectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { XdsResources } from '../../../shared/xds.js';
import { aiClusterEdit } from './ai-clusters.js';
import { enableProcessor, hasAIRoute, mapRoutes } from './ai-routes.js';
import { bufferLimitBytes } from './buffer-limits.js';
import { mapKeeping } from './copy-on-write.js';
import { withCorsTwins } from './cors-routes.js';
import type { EditOptions, Report } from './edit-options.js';
import { extProcTargetOf, withExtProcCluster } from './extproc-cluster.js';
import { gatewaysWithAIRoutes } from './gateways.js';
import { decodeListener, routeConfigNames, type DecodedListener } from './http-connection-managers.js';
import { listenerEdit, poolsByListener } from './listener-edit.js';
import type { PoolReference } from './inference-pool.js';
import { withPickerClusters } from './picker-clusters.js';
import { withoutOtherPickers } from './picker-filters.js';
import { ruleLookup } from './rule-lookup.js';
import { withStreamIdleTimeout } from './stream-idle-timeout.js';
import { isSpecialListener } from './xds-names.js';

export interface EditedTranslation {
  readonly resources: XdsResources;
  readonly faults: readonly Fault[];
  /** Gateways whose listeners serve AI routes, sorted; empty when none does or nothing tells their names. */
  readonly gateways: readonly ObjectKey[];
}

/**
 * Finishes the configuration of one Gateway: what Envoy Gateway (or the standalone translator) made goes in, the same
 * with the external processor in its place comes out. Applying it twice is applying it once. A Gateway without AI
 * routes and InferencePools comes back by identity, and so does every resource that needs no change (21.17).
 *
 * Never throws for what is in the resources or in the world: what cannot be done for one cluster, route or filter chain
 * is left out, in the direction of refusing requests, and told as a fault (21.15).
 * @see spec extension-server.md section 8
 */
export function editTranslation(resources: XdsResources, world: Snapshot, options: EditOptions): EditedTranslation {
  const faults = new Map<string, Fault>();
  const report: Report = (fault) => void faults.set(JSON.stringify(fault), fault);
  // Clusters of pools are those of a plain HTTPRoute too.
  const clusters = withPickerClusters(resources.clusters, world, report);
  const listeners = resources.listeners.map(decodeListener);
  const tables = new Map(resources.routes.map((table) => [table.name, table]));
  const pools = poolsByListener(listeners, tables);
  const withPickers: XdsResources = {
    ...resources,
    clusters,
    routes: editPoolTables(resources.routes, pools),
  };
  const gateways = gatewaysWithAIRoutes(listeners, tables);
  const edited = resources.routes.some(hasAIRoute)
    ? editAIGateway({ resources: withPickers, listeners, tables, pools, gateways, world, options, report })
    : { ...withPickers, listeners: editListeners(listeners, listenerEdit({ pools, world, report })) };
  return { resources: keepIdentity(resources, edited), faults: [...faults.values()], gateways };
}

/** One translation, decoded once. */
interface Translation {
  /** With endpoint pickers, the listeners aside. */
  readonly resources: XdsResources;
  readonly listeners: readonly DecodedListener[];
  readonly tables: ReadonlyMap<string, RouteConfiguration>;
  readonly pools: ReadonlyMap<DecodedListener, readonly PoolReference[]>;
  readonly gateways: readonly ObjectKey[];
  readonly world: Snapshot;
  readonly options: EditOptions;
  readonly report: Report;
}

function editAIGateway(translation: Translation): XdsResources {
  const { resources, listeners, tables, pools, gateways, world, options, report } = translation;
  const lookup = ruleLookup(world);
  const extProcTarget = extProcTargetOf(gateways, world, options, report);
  const aiTables = new Set(resources.routes.filter(hasAIRoute).map((table) => table.name));
  const editCluster = aiClusterEdit(
    world,
    lookup,
    { ...options, extProcTarget, bufferLimitBytes: bufferLimitBytes(gateways, world, report) },
    report,
  );
  const served = new Set(
    listeners.filter(({ listener }) => !isSpecialListener(listener.name)).flatMap(routeConfigNames),
  );
  const separatesAuthentication = options.separatesAuthentication ?? false;
  return {
    listeners: editListeners(
      listeners,
      listenerEdit({ pools, world, report, ai: { aiTables, tables, extProcTarget, options } }),
    ),
    routes: mapKeeping(resources.routes, (table) => {
      const enabled = served.has(table.name)
        ? withCorsTwins(mapRoutes(table, (route) => enableProcessor(route, lookup, separatesAuthentication)))
        : table;
      return mapRoutes(enabled, (route) => withStreamIdleTimeout(route, lookup));
    }),
    clusters: withExtProcCluster(mapKeeping(resources.clusters, editCluster), extProcTarget),
    secrets: resources.secrets,
  };
}

/** Switches off, route by route, the pickers that the listeners of a table have for other routes. */
function editPoolTables(
  routes: RouteConfiguration[],
  poolsOf: ReadonlyMap<DecodedListener, readonly PoolReference[]>,
): RouteConfiguration[] {
  const byTable = new Map<string, PoolReference[]>();
  for (const [listener, pools] of poolsOf) {
    for (const name of routeConfigNames(listener)) byTable.set(name, [...(byTable.get(name) ?? []), ...pools]);
  }
  return mapKeeping(routes, (table) => {
    const pools = byTable.get(table.name) ?? [];
    return pools.length === 0 ? table : mapRoutes(table, (route) => withoutOtherPickers(route, pools));
  });
}

const editListeners = (
  listeners: readonly DecodedListener[],
  edit: (listener: DecodedListener) => Listener,
): Listener[] => listeners.map(edit);

/** Lists whose items are all as they were, and resources whose lists are. */
function keepIdentity(before: XdsResources, after: XdsResources): XdsResources {
  const listeners = mapKeeping(before.listeners, (listener, index) => after.listeners[index] ?? listener);
  const isSame = listeners === before.listeners && after.routes === before.routes && after.clusters === before.clusters;
  return isSame ? before : { ...after, listeners };
}
