import type { Listener } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import type { Route } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import type { RouteConfiguration } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { ObjectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { XdsResources } from '../../../shared/xds.js';
import { aiClusterEdit } from './ai-clusters.js';
import { enableProcessor, hasAIRoute, mapRoutes } from './ai-routes.js';
import { authDomainOf, jwtRequirementsOf } from './auth-domain.js';
import { bufferLimitBytes } from './buffer-limits.js';
import { mapKeeping } from './copy-on-write.js';
import { withCorsTwins } from './cors-routes.js';
import { declaredRefs } from './declared-refs.js';
import type { EditOptions, Report } from './edit-options.js';
import { extProcsOf, withExtProcCA, withExtProcClusters } from './extproc-cluster.js';
import { gatewaysWithAIRoutes } from './gateways.js';
import { decodeListener, routeConfigNames, type DecodedListener } from './http-connection-managers.js';
import { listenerEdit, poolsByListener } from './listener-edit.js';
import type { PoolReference } from './inference-pool.js';
import { withPickerClusters } from './picker-clusters.js';
import { withOwnPickersOnly } from './picker-filters.js';
import { ruleLookup } from './rule-lookup.js';
import { servicesTold } from './services-told.js';
import { withStreamIdleTimeout } from './stream-idle-timeout.js';
import { withoutInheritedUpgrades } from './websocket-upgrades.js';
import { isSpecialListener } from './xds-names.js';

export interface EditedTranslation {
  readonly resources: XdsResources;
  readonly faults: readonly Fault[];
  /**
   * Gateways whose listeners serve AI routes, sorted, with fingerprints of the HTTPRoutes that these are made of; empty when
   * none does or nothing tells their names.
   */
  readonly gateways: ReadonlyMap<ObjectKey, string>;
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
    ? editAIGateway({
        resources: withPickers,
        listeners,
        tables,
        pools,
        gateways: [...gateways.keys()],
        world,
        options,
        report,
      })
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
  const processors = extProcsOf(gateways, servicesTold(resources.routes), translation);
  const aiTables = new Set(resources.routes.filter(hasAIRoute).map((table) => table.name));
  const editCluster = aiClusterEdit(
    world,
    lookup,
    {
      ...options,
      extProcTarget: processors.ofAttempts,
      bufferLimitBytes: bufferLimitBytes(gateways, world, report),
      declaredRefs: declaredRefs(resources.routes),
    },
    report,
  );
  const served = new Set(
    listeners.filter(({ listener }) => !isSpecialListener(listener.name)).flatMap(routeConfigNames),
  );
  return {
    listeners: editListeners(
      listeners,
      listenerEdit({ pools, world, report, ai: { aiTables, tables, extProcTarget: processors.ofRequests, options } }),
    ),
    routes: mapKeeping(resources.routes, (table) => {
      const authDomain = options.separatesAuthentication === true ? authDomains(listeners, table.name) : NO_DOMAIN;
      const enabled = served.has(table.name)
        ? withCorsTwins(mapRoutes(table, (route) => enableProcessor(route, lookup, authDomain)))
        : table;
      const timed = mapRoutes(enabled, (route) => withStreamIdleTimeout(route, lookup));
      return served.has(table.name) && aiTables.has(table.name) ? mapRoutes(timed, withoutInheritedUpgrades) : timed;
    }),
    clusters: withExtProcClusters(mapKeeping(resources.clusters, editCluster), processors.known),
    secrets: withExtProcCA(resources.secrets, processors.known),
  };
}

const NO_DOMAIN = () => undefined;

/** Fingerprints of routes by what the managers of their table have configured. */
function authDomains(listeners: readonly DecodedListener[], table: string): (route: Route) => string | undefined {
  const managers = listeners
    .filter((listener) => routeConfigNames(listener).includes(table))
    .flatMap((listener) => [...listener.managers.values()]);
  const requirements = jwtRequirementsOf(managers);
  return (route) => authDomainOf(route, requirements);
}

/** Switches off the pickers that the listeners of a table have for other routes. */
function editPoolTables(
  routes: RouteConfiguration[],
  poolsOf: ReadonlyMap<DecodedListener, readonly PoolReference[]>,
): RouteConfiguration[] {
  const byTable = new Map<string, PoolReference[]>();
  for (const [listener, pools] of poolsOf) {
    for (const name of new Set(routeConfigNames(listener))) {
      const known = byTable.get(name);
      if (known) known.push(...pools);
      else byTable.set(name, [...pools]);
    }
  }
  return mapKeeping(routes, (table) => {
    const pools = byTable.get(table.name) ?? [];
    return pools.length === 0 ? table : withOwnPickersOnly(table, pools);
  });
}

const editListeners = (
  listeners: readonly DecodedListener[],
  edit: (listener: DecodedListener) => Listener,
): Listener[] => listeners.map(edit);

/** Lists whose items are all as they were, and resources whose lists are. */
function keepIdentity(before: XdsResources, after: XdsResources): XdsResources {
  const listeners = mapKeeping(before.listeners, (listener, index) => after.listeners[index] ?? listener);
  const isSame =
    listeners === before.listeners &&
    after.routes === before.routes &&
    after.clusters === before.clusters &&
    after.secrets === before.secrets;
  return isSame ? before : { ...after, listeners };
}
