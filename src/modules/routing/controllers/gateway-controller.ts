import { UserFacingError } from '../../../shared/errors.js';
import { GATEWAY_CONTROLLER_NAME, type Gateway } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import { isKeyOf, nameOfKey, namespaceOfKey } from '../../../shared/api/object-key.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { ExtProcInputs } from '../../../shared/extproc-pod/inputs.js';
import type { FilterConfig } from '../../../shared/filter-config/filter-config.js';
import { filterConfigId } from '../../../shared/filter-config/serialize.js';
import type { Change, Controller, Desired, ObjectEvent, ObjectPatch } from '../../crd/controller.js';
import { generateConfigSecrets } from '../generate/filter-config-secrets.js';
import { generateExtProcDeployment } from '../generate/extproc-deployment.js';
import { generatedForGateway } from '../generate/ownership.js';
import { generateFilterConfig } from '../generate/filter-config.js';
import { oversizedRoutes, type OversizedRoute } from '../generate/oversized-routes.js';
import { ResolveContext } from '../resolve/context.js';
import { resolveGateway } from '../resolve/resolve-gateway.js';
import type { RouteGraph } from '../resolve/route-graph.js';
import { controllerOfGateway } from '../workloads/controller-of-gateway.js';
import { ProxyIndex } from '../workloads/proxies.js';
import { injections } from '../workloads/injections.js';
import { ModeSwitch } from '../workloads/mode-switch.js';
import { serviceUses, type ServiceUses } from '../workloads/service-use.js';
import { configIdPatch, hasProcessor, planRollOut, type RollOut } from '../workloads/roll-out.js';
import { gatewaysOfClass } from '../workloads/sharing.js';
import type { AffectedRoots } from './affected-roots.js';
import type { OversizedConfigs } from './oversized-configs.js';
import type { RoutingControllerOptions } from './routing-options.js';

/** Roll-outs end without telling us when nobody watches the workload's status any more. */
const ROLL_OUT_CHECK_MS = 5_000;
/** While proxies lack their processor and nobody knows when the webhook comes back. */
const BARE_CHECK_MS = 30_000;

/**
 * Gateway → the Secrets with its filter config, and what its proxies have to be told of it.
 * @see spec controller.md sections 9, 10 and 12
 */
export class GatewayController implements Controller {
  readonly name = 'gateway';
  // Each pass over a Gateway in a burst costs three writes or more, of all of its config.
  readonly holdOff = { quietMs: 20, maxMs: 1_000, burstMaxMs: 3_000 };

  readonly #modeSwitch: ModeSwitch;

  constructor(
    private readonly affected: AffectedRoots,
    private readonly options: RoutingControllerOptions,
    private readonly oversized: OversizedConfigs,
  ) {
    this.#modeSwitch = new ModeSwitch(options);
  }

  triggers(change: Change): Iterable<ObjectKey> {
    return [...this.affected.of(change)].filter((key) => isKeyOf(key, kinds.gateway));
  }

  reconcile(roots: readonly ObjectKey[], world: Snapshot, now: Date): readonly Desired[] {
    const uses = serviceUses(world, this.options, now);
    const pass = { context: new ResolveContext(world), index: new ProxyIndex(world), uses, now };
    const generated = generatedByGateway(world);
    return roots.map((root) => {
      const { oversized = [], ...desired } = this.#reconcileGateway(root, pass, generated.get(root) ?? []);
      const isThere = world.get(kinds.gateway, namespaceOfKey(root), nameOfKey(root)) !== undefined;
      this.oversized.update(root, isThere ? oversized : undefined);
      if (!isThere) this.#modeSwitch.forget(root);
      return desired;
    });
  }

  #reconcileGateway(root: ObjectKey, { context, index, uses, now }: Pass, existing: readonly KubeObject[]): Found {
    const nothing = { root, objects: [], deletes: [], patches: [], conditions: new Map(), events: [] };
    const gateway = context.world.get<Gateway>(kinds.gateway, namespaceOfKey(root), nameOfKey(root));
    if (!gateway || gateway.metadata.deletionTimestamp !== undefined)
      return { ...nothing, deletes: leftOver(existing, []) };
    const proxies = index.of(gateway, gateway.spec?.gatewayClassName);
    if (proxies.conflict !== undefined)
      return { ...nothing, events: [warning(root, 'ProxiesInSeveralNamespaces', conflictNote(proxies.conflict))] };
    const namespace = proxies.namespace ?? this.#expectedNamespace(gateway, context.world);
    if (namespace === undefined) return { ...nothing, deletes: leftOver(existing, []) };

    const sharing = proxies.isShared ? gatewaysOfClass(context.world, gateway.spec?.gatewayClassName ?? '') : [gateway];
    // What the proxies of the class need is with the first of its Gateways.
    if (sharing[0] !== gateway) return { ...nothing, deletes: leftOver(existing, []) };

    const graph = resolveTogether(context, sharing);
    const isEffective = graph.routes.length > 0;
    // Pods that still carry the processor must not keep credentials of routes that are gone.
    if (!isEffective && !proxies.pods.some(hasProcessor)) {
      const rollOut = planRollOut({ proxies, container: undefined, configId: undefined, now });
      return { ...nothing, patches: rollOut.patches, deletes: leftOver(existing, []), events: restarts(rollOut) };
    }
    const inputs = isEffective ? this.#inputs(graph, proxies.isShared ? gateway : undefined) : undefined;
    const isSidecar = this.options.extProcMode === 'sidecar';
    const waiting = this.#modeSwitch.waiting(root, { sharing, proxies, existing }, uses, { world: context.world, now });
    const kept = existing.filter(waiting.keeps);
    const removable = existing.filter((object) => !kept.includes(object));
    const place = { gateway, namespace, existing: removable, deployed: isSidecar ? undefined : inputs };
    const { configId, ...generated } = this.#generatedFitting(root, graph, place);
    const container = isSidecar ? inputs : undefined;
    const rollOut = planRollOut({ proxies, container, configId, now, isHeld: waiting.holdsRollOut });
    const problem = generated.problem ?? bareProblem(root, rollOut) ?? graphProblem(root, graph);
    return {
      ...nothing,
      oversized: generated.oversized,
      objects: generated.objects,
      deletes: generated.deletes,
      patches: [...rollOut.patches, ...(configId === undefined ? [] : processorPatches(existing, configId))],
      // One standing problem at a time: two would be told in turn for ever.
      events: [...injections(proxies.pods, now), ...restarts(rollOut), ...(problem ? [problem] : [])],
      ...((rollOut.isWaiting || kept.length > 0 || rollOut.bare.length > 0) && {
        requeueAfterMs: rollOut.isWaiting || kept.length > 0 ? ROLL_OUT_CHECK_MS : BARE_CHECK_MS,
      }),
    };
  }

  #filterConfig(graph: RouteGraph): FilterConfig {
    const config = generateFilterConfig(graph, this.options.version);
    return { ...config, uuid: filterConfigId(config) };
  }

  #inputs(graph: RouteGraph, shared: Gateway | undefined): ExtProcInputs {
    return {
      settings: this.options.extProc,
      overrides: graph.gatewayConfig?.config.spec?.extProc?.kubernetes,
      needsMcp: false,
      ...(shared && { sharedConfigOf: `${shared.metadata.namespace ?? ''}/${shared.metadata.name}` }),
    };
  }

  /**
   * The config of all routes. When it cannot be stored, that without the routes because of which it cannot; and where nobody
   * knows these, none: the one that is there stays in force then. `configId` is that of the config that pods are to have.
   */
  #generatedFitting(root: ObjectKey, graph: RouteGraph, place: Place): Generated {
    const config = this.#filterConfig(graph);
    const whole = this.#generated(place, config);
    if (!('problem' in whole)) {
      this.oversized.store(root, routesOf(graph));
      return { ...whole, configId: config.uuid, oversized: [] };
    }
    const oversized = oversizedRoutes(graph, config, (route) => this.oversized.suspicionOf(root, route));
    const nothing = { objects: [], deletes: [], configId: undefined, oversized, problem: whole.problem };
    const leftOut = new Set(oversized.filter(({ isLeftOut }) => isLeftOut).map(({ route }) => route));
    if (leftOut.size === 0) return nothing;
    const fitting = { ...graph, routes: graph.routes.filter(({ route }) => !leftOut.has(keyOf(route))) };
    const rest = this.#filterConfig(fitting);
    const reduced = this.#generated(place, rest);
    if ('problem' in reduced) return nothing;
    this.oversized.store(root, routesOf(fitting));
    return { ...nothing, ...reduced, configId: rest.uuid };
  }

  #generated({ gateway, namespace, existing, deployed }: Place, config: FilterConfig): Written | TooLarge {
    try {
      const { writesLegacySecret, deployment } = this.options;
      const objects = [
        ...generateConfigSecrets(gateway, config, namespace, { writesLegacySecret }),
        ...(deployed ? generateExtProcDeployment(gateway, deployed, namespace, deployment) : []),
      ];
      return { objects, deletes: leftOver(existing, objects) };
    } catch (error) {
      if (!(error instanceof UserFacingError)) throw error;
      return { problem: warning(keyOf(gateway), 'FilterConfigTooLarge', error.message) };
    }
  }

  /** Where proxies will run that are not there yet: their first pod shall find its config. */
  #expectedNamespace(gateway: Gateway, world: Snapshot): string | undefined {
    return controllerOfGateway(world, gateway) === GATEWAY_CONTROLLER_NAME
      ? this.options.envoyGatewayNamespace
      : undefined;
  }
}

/** Kinds of what is generated for Gateways outside of their namespaces; pods come from Deployments. */
const GENERATED_TYPES = [kinds.secret, kinds.deployment, kinds.service, kinds.pod] as const;

function leftOver(existing: readonly KubeObject[], wanted: readonly KubeObject[]): readonly ObjectKey[] {
  const keys = new Set(wanted.map(keyOf));
  return existing
    .filter(({ kind }) => kind !== kinds.pod.kind)
    .map(keyOf)
    .filter((key) => !keys.has(key));
}

/** Pods of our own Deployment read their mounted Secrets at once when they change themselves. */
const processorPatches = (existing: readonly KubeObject[], configId: string): readonly ObjectPatch[] =>
  existing
    .filter(({ kind, metadata }) => kind === kinds.pod.kind && metadata.deletionTimestamp === undefined)
    .flatMap((pod) => configIdPatch(pod, configId));

function generatedByGateway(world: Snapshot): ReadonlyMap<ObjectKey, readonly KubeObject[]> {
  const byGateway = new Map<ObjectKey, KubeObject[]>();
  for (const object of GENERATED_TYPES.flatMap((type) => world.list(type))) {
    const gateway = generatedForGateway(object);
    if (gateway === undefined) continue;
    const known = byGateway.get(gateway);
    if (known) known.push(object);
    else byGateway.set(gateway, [object]);
  }
  return byGateway;
}

type Written = Pick<Desired, 'objects' | 'deletes'>;
interface TooLarge {
  readonly problem: ObjectEvent;
}
type Generated = Written &
  Partial<TooLarge> & { readonly configId: string | undefined; readonly oversized: readonly OversizedRoute[] };

/** Where a config goes, beside what. */
interface Place {
  readonly gateway: Gateway;
  readonly namespace: string;
  readonly existing: readonly KubeObject[];
  /** Of a processor of its own. */
  readonly deployed: ExtProcInputs | undefined;
}

const routesOf = ({ routes }: RouteGraph) => routes.map(({ route }) => route);

/** What a root should own, and what its routes have to be told. */
interface Found extends Desired {
  readonly oversized?: readonly OversizedRoute[];
}

/** Shared by the roots of one pass. */
interface Pass {
  readonly context: ResolveContext;
  readonly index: ProxyIndex;
  readonly uses: ServiceUses;
  readonly now: Date;
}

/** The graph of the first Gateway with the routes of all of them, each once. */
function resolveTogether(context: ResolveContext, [first, ...others]: readonly Gateway[]): RouteGraph {
  const graph = resolveGateway(context, first!);
  if (others.length === 0) return graph;
  const routes = [graph, ...others.map((gateway) => resolveGateway(context, gateway))].flatMap((one) => one.routes);
  const byKey = new Map(routes.map((node) => [keyOf(node.route), node]));
  return { ...graph, routes: [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, node]) => node) };
}

const graphProblem = (root: ObjectKey, { faults: [fault] }: RouteGraph): ObjectEvent | undefined =>
  fault && warning(root, fault.reason, `${fault.path}: ${fault.message}`);

function bareProblem(root: ObjectKey, { bare }: RollOut): ObjectEvent | undefined {
  if (bare.length === 0) return undefined;
  return warning(
    root,
    'ProcessorNotInjected',
    `${bare.length} proxies came without the External Processor though they were restarted for it: check the MutatingWebhookConfiguration of the AI gateway and its objectSelector`,
  );
}

const restarts = ({ restarted }: RollOut): readonly ObjectEvent[] =>
  restarted.map((workload) => ({
    regarding: keyOf(workload),
    type: 'Normal',
    reason: 'ProcessorRollOut',
    action: 'RollOut',
    note: 'Pods are replaced because the External Processor that they carry is not the one that they should have.',
  }));

const warning = (regarding: ObjectKey, reason: string, note: string): ObjectEvent => ({
  regarding,
  type: 'Warning',
  reason,
  action: 'Reconcile',
  note: note.slice(0, 1024),
});

const conflictNote = (places: string) =>
  `proxies with the labels of this Gateway run in several namespaces (${places}): keep those of one namespace`;
