import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { Gateway } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import { nameOfKey, namespaceOfKey, isKeyOf } from '../../../shared/api/object-key.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { Change, Controller, Desired } from '../../crd/controller.js';
import { conditionEvents } from '../conditions/condition-events.js';
import { conditionsOf } from '../conditions/conditions.js';
import { programmedCondition, type GatewayFacts } from '../conditions/programmed.js';
import { generateHTTPRouteFilters } from '../generate/http-route-filters.js';
import { generateHTTPRoutes } from '../generate/http-route.js';
import { childNames } from '../resolve/child-names.js';
import { ResolveContext } from '../resolve/context.js';
import { distinctFaults } from '../resolve/faults.js';
import { faultsOfRoute } from '../resolve/resolve-gateway.js';
import { resolveRoute } from '../resolve/resolve-route.js';
import { ProxyIndex } from '../workloads/proxies.js';
import type { AffectedRoots } from './affected-roots.js';
import { KeyRelation } from './key-relation.js';
import { owningRouteOf } from './references.js';
import type { RoutingControllerOptions } from './routing-options.js';

/** AIGatewayRoute → HTTPRoute, its filters, and the route's own status. @see spec controller.md section 6 */
export class RouteController implements Controller {
  readonly name = 'route';
  readonly holdOff = { quietMs: 5, maxMs: 50 };

  constructor(
    private readonly affected: AffectedRoots,
    private readonly options: RoutingControllerOptions,
  ) {}

  /** HTTPRoutes of each route, those of a route with many matches above all. */
  readonly #httpRoutes = new KeyRelation();

  triggers(change: Change): Iterable<ObjectKey> {
    if (change.type.kind === kinds.httpRoute.kind) {
      const key = keyOf((change.after ?? change.before)!);
      this.#httpRoutes.update(key, owners(change.before), owners(change.after));
    }
    return [...this.affected.of(change)].filter((key) => isKeyOf(key, kinds.aiGatewayRoute));
  }

  reconcile(roots: readonly ObjectKey[], world: Snapshot): readonly Desired[] {
    const context = new ResolveContext(world);
    const facts = gatewayFacts(world, this.options);
    return roots.map((root) => this.#reconcileRoute(root, context, facts));
  }

  /** In a cluster the garbage collector deletes them as well; here it does not have to be waited for. */
  #childrenOf(root: ObjectKey, world: Snapshot): readonly ObjectKey[] {
    const name = nameOfKey(root);
    const filters = [childNames.hostRewriteFilter(name), childNames.notFoundFilter(name)].flatMap((filter) => {
      const found = world.get(kinds.httpRouteFilter, namespaceOfKey(root), filter);
      return found && owningRouteOf(found) === root ? [keyOf(found)] : [];
    });
    return [...[...this.#httpRoutes.referrersOf(root)].sort(), ...filters];
  }

  #reconcileRoute(root: ObjectKey, context: ResolveContext, facts: (gateway: Gateway) => GatewayFacts): Desired {
    const { world } = context;
    const route = world.get<AIGatewayRoute>(kinds.aiGatewayRoute, namespaceOfKey(root), nameOfKey(root));
    const nothing = { root, objects: [], deletes: [], patches: [], conditions: new Map(), events: [] };
    if (!route || route.metadata.deletionTimestamp !== undefined)
      return { ...nothing, deletes: this.#childrenOf(root, world) };
    const node = resolveRoute(context, route);
    const own = conditionsOf([route], distinctFaults(faultsOfRoute(node))).get(root) ?? [];
    const httpRoutes = generateHTTPRoutes(node, this.options.rootPrefix);
    const names = httpRoutes.map(({ metadata }) => metadata.name);
    // Before the last one: tables show the type of the last condition.
    const states = own.toSpliced(-1, 0, programmedCondition(world, { node, httpRoutes: names }, facts));
    const wanted = new Set(httpRoutes.map(keyOf));
    return {
      ...nothing,
      objects: node.isRefused ? [] : [...generateHTTPRouteFilters(node), ...httpRoutes],
      deletes: [...this.#httpRoutes.referrersOf(root)].filter((key) => !wanted.has(key)).sort(),
      conditions: new Map([[root, states]]),
      events: conditionEvents(route, states),
    };
  }
}

const owners = (object: KubeObject | undefined): readonly ObjectKey[] => {
  const owner = object && owningRouteOf(object);
  return owner === undefined ? [] : [owner];
};

/** Facts of each Gateway, found at most once in a pass. */
function gatewayFacts(world: Snapshot, options: RoutingControllerOptions): (gateway: Gateway) => GatewayFacts {
  const known = new Map<ObjectKey, GatewayFacts>();
  let proxies: ProxyIndex | undefined;
  return (gateway) => {
    const key = keyOf(gateway);
    const before = known.get(key);
    if (before) return before;
    proxies ??= new ProxyIndex(world);
    const facts: GatewayFacts = {
      proxies: proxies.of(gateway, gateway.spec?.gatewayClassName),
      isTranslationSeen: options.isTranslationSeen(world, key),
      needsSidecar: options.extProcMode === 'sidecar',
    };
    known.set(key, facts);
    return facts;
  };
}
