import type { AIGatewayRoute, GatewayConfig } from '../../../shared/api/ai-gateway.js';
import { GATEWAY_CONTROLLER_NAME, type Gateway } from '../../../shared/api/gateway-api.js';
import type { ConditionState } from '../../../shared/api/conditions.js';
import type { HTTPRouteFilter } from '../../../shared/api/http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import { nameOfKey, namespaceOfKey, isKeyOf } from '../../../shared/api/object-key.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { Pod } from '../../../shared/api/workloads.js';
import type { Change, Controller, Desired } from '../../crd/controller.js';
import { ChangedHTTPRoutes } from '../conditions/changed-http-routes.js';
import { conditionEvents } from '../conditions/condition-events.js';
import { conditionsOf } from '../conditions/conditions.js';
import { endpointsUniformCondition } from '../conditions/endpoints-uniform.js';
import { formerOversizedCondition, oversizedCondition } from '../conditions/oversized.js';
import { conditionsWhileDeleted } from '../conditions/while-deleted.js';
import { programmedAgainMs, programmedCondition, type GatewayFacts } from '../conditions/programmed.js';
import { generateHTTPRouteFilters } from '../generate/http-route-filters.js';
import { generateHTTPRoutes } from '../generate/http-route.js';
import { generatedForGateway } from '../generate/ownership.js';
import { childNames } from '../resolve/child-names.js';
import { ResolveContext } from '../resolve/context.js';
import { distinctFaults } from '../resolve/faults.js';
import { faultsOfRoute, gatewayConfigOf } from '../resolve/resolve-gateway.js';
import { resolveRoute } from '../resolve/resolve-route.js';
import { controllerOfGateway } from '../workloads/controller-of-gateway.js';
import { ProxyIndex } from '../workloads/proxies.js';
import { serviceUses, tellServices, type ServiceUses } from '../workloads/service-use.js';
import { servingGateway } from '../workloads/sharing.js';
import type { AffectedRoots } from './affected-roots.js';
import { KeyRelation } from './key-relation.js';
import { gatewaysOfRoute, owningRouteOf } from './references.js';
import type { OversizedConfigs } from './oversized-configs.js';
import type { RoutingControllerOptions } from './routing-options.js';

/** While Envoy is to learn of a Service before it uses it. */
const SERVICE_CHECK_MS = 1_000;

/** AIGatewayRoute → HTTPRoute, its filters, and the route's own status. @see spec controller.md section 6 */
export class RouteController implements Controller {
  readonly name = 'route';
  readonly holdOff = { quietMs: 5, maxMs: 50 };

  constructor(
    private readonly affected: AffectedRoots,
    private readonly options: RoutingControllerOptions,
    private readonly oversized: OversizedConfigs,
  ) {}

  /** HTTPRoutes of each route, those of a route with many matches above all. */
  readonly #httpRoutes = new KeyRelation();
  readonly #changed = new ChangedHTTPRoutes();

  onAttached(wake: (root: ObjectKey) => void): void {
    this.oversized.onAttached(wake);
  }

  triggers(change: Change): Iterable<ObjectKey> {
    if (change.type.kind === kinds.httpRoute.kind) {
      const key = keyOf((change.after ?? change.before)!);
      this.#httpRoutes.update(key, owners(change.before), owners(change.after));
    }
    return [...this.affected.of(change)].filter((key) => isKeyOf(key, kinds.aiGatewayRoute));
  }

  reconcile(roots: readonly ObjectKey[], world: Snapshot, now: Date): readonly Desired[] {
    const context = new ResolveContext(world);
    const facts = gatewayFacts(world, this.options);
    const uses = serviceUses(world, this.options, now);
    return roots.map((root) => this.#reconcileRoute(root, context, facts, uses, now));
  }

  /** In a cluster the garbage collector deletes them as well; here it does not have to be waited for. */
  #childrenOf(root: ObjectKey, world: Snapshot): readonly ObjectKey[] {
    const name = nameOfKey(root);
    const filters = [
      childNames.hostRewriteFilter(name),
      childNames.notFoundFilter(name),
      childNames.closedFilter(name),
    ];
    return [...[...this.#httpRoutes.referrersOf(root)].sort(), ...filtersOf(root, world, filters)];
  }

  /** One HTTPRoute serves all Gateways of the route, so that all have to be safe where Envoy Gateway may serve it. */
  #isClosed(route: AIGatewayRoute, world: Snapshot): boolean {
    const { options } = this;
    return (
      options.closesUntilHookSeen &&
      gatewaysOfRoute(route).some((gateway) => mayServe(world, gateway) && !options.isTranslationSeen(world, gateway))
    );
  }

  /** Undefined: the config that the route is in can be stored. */
  #oversized(route: AIGatewayRoute, world: Snapshot): ConditionState | undefined {
    const key = keyOf(route);
    const found = this.oversized.of(key);
    if (found) return oversizedCondition(route, found);
    const former = formerOversizedCondition(route);
    if (!former) return undefined;
    const isThere = (gateway: ObjectKey) => world.get(kinds.gateway, namespaceOfKey(gateway), nameOfKey(gateway));
    return this.oversized.areKnown(gatewaysOfRoute(route).filter(isThere), key) ? undefined : former;
  }

  #reconcileRoute(
    root: ObjectKey,
    context: ResolveContext,
    facts: (gateway: Gateway) => GatewayFacts,
    uses: ServiceUses,
    now: Date,
  ): Desired {
    const { world } = context;
    const route = world.get<AIGatewayRoute>(kinds.aiGatewayRoute, namespaceOfKey(root), nameOfKey(root));
    const nothing = { root, objects: [], deletes: [], patches: [], conditions: new Map(), events: [] };
    if (!route || route.metadata.deletionTimestamp !== undefined) {
      this.#changed.forget(root);
      return { ...nothing, deletes: this.#childrenOf(root, world), conditions: conditionsWhileDeleted(route) };
    }
    const node = resolveRoute(context, route);
    const own = conditionsOf([route], distinctFaults(faultsOfRoute(node))).get(root) ?? [];
    const isClosed = this.#isClosed(route, world);
    const generated = generateHTTPRoutes(node, this.options.rootPrefix, configsOfRoute(world, route), isClosed);
    const httpRoutes = tellServices(generated, gatewaysOfRoute(route), uses);
    const names = httpRoutes.map(({ metadata }) => metadata.name);
    const isBeingWritten = this.#changed.note(root, httpRoutes);
    const programmed =
      this.#oversized(route, world) ??
      programmedCondition(world, { node, httpRoutes: names, isBeingWritten }, facts, now);
    const againMs = programmedAgainMs(programmed);
    const uniform = endpointsUniformCondition(node);
    // Before the last one: tables show the type of the last condition.
    const states = own.toSpliced(-1, 0, ...(uniform ? [uniform] : []), programmed);
    const wanted = new Set(httpRoutes.map(keyOf));
    return {
      ...nothing,
      objects: node.isRefused
        ? []
        : [...generateHTTPRouteFilters(node, { isClosed, notFound: notFoundFilter(root, world) }), ...httpRoutes],
      deletes: [
        ...[...this.#httpRoutes.referrersOf(root)].filter((key) => !wanted.has(key)).sort(),
        ...(isClosed ? [] : filtersOf(root, world, [childNames.closedFilter(nameOfKey(root))])),
      ],
      conditions: new Map([[root, states]]),
      events: conditionEvents(route, states),
      // Nothing else tells when the time has come.
      ...(againMs !== undefined && { requeueAfterMs: againMs }),
      ...(gatewaysOfRoute(route).some((gateway) => ['announced', 'crossing'].includes(uses.of(gateway))) && {
        requeueAfterMs: SERVICE_CHECK_MS,
      }),
    };
  }
}

/**
 * False for a Gateway that is not there, and for one of another controller's class: a wrong ref closes nothing at the other
 * Gateways. A class that is not there yet may become Envoy Gateway's.
 */
function mayServe(world: Snapshot, key: ObjectKey): boolean {
  const gateway = world.get<Gateway>(kinds.gateway, namespaceOfKey(key), nameOfKey(key));
  if (gateway === undefined) return !world.isWatched(namespaceOfKey(key));
  const controller = controllerOfGateway(world, gateway);
  return controller === undefined || controller === GATEWAY_CONTROLLER_NAME;
}

const notFoundFilter = (root: ObjectKey, world: Snapshot): HTTPRouteFilter | undefined =>
  world.get(kinds.httpRouteFilter, namespaceOfKey(root), childNames.notFoundFilter(nameOfKey(root)));

/** Those of the named filters that are there and belong to the route. */
const filtersOf = (root: ObjectKey, world: Snapshot, names: readonly string[]): readonly ObjectKey[] =>
  names.flatMap((name) => {
    const found = world.get(kinds.httpRouteFilter, namespaceOfKey(root), name);
    return found && owningRouteOf(found) === root ? [keyOf(found)] : [];
  });

/** GatewayConfigs of the route's Gateways, each once, in the order of the Gateways. */
function configsOfRoute(world: Snapshot, route: AIGatewayRoute): readonly GatewayConfig[] {
  const configs = gatewaysOfRoute(route).flatMap((key) => {
    const gateway = world.get<Gateway>(kinds.gateway, namespaceOfKey(key), nameOfKey(key));
    return (gateway && gatewayConfigOf(gateway, world)) ?? [];
  });
  return [...new Set(configs)];
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
    const found = proxies.of(gateway, gateway.spec?.gatewayClassName);
    const facts: GatewayFacts = {
      proxies: found,
      isTranslationSeen: options.isTranslationSeen(world, key),
      translationFaults: options.translationFaults(world, key),
      processors:
        options.extProcMode === 'sidecar'
          ? undefined
          : processorsOf(world, keyOf(servingGateway(world, gateway, found))),
    };
    known.set(key, facts);
    return facts;
  };
}

const processorsOf = (world: Snapshot, gateway: ObjectKey): readonly Pod[] =>
  world
    .list<Pod>(kinds.pod)
    .filter((pod) => pod.metadata.deletionTimestamp === undefined && generatedForGateway(pod) === gateway);
