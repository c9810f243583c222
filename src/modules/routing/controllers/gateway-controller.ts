import { UserFacingError } from '../../../shared/errors.js';
import {
  GATEWAY_CONTROLLER_NAME,
  type Gateway,
  type GatewayClass,
  type Secret,
} from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import { isKeyOf, nameOfKey, namespaceOfKey } from '../../../shared/api/object-key.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { ExtProcInputs } from '../../../shared/extproc-pod/inputs.js';
import type { FilterConfig } from '../../../shared/filter-config/filter-config.js';
import { filterConfigId } from '../../../shared/filter-config/serialize.js';
import type { Change, Controller, Desired, ObjectEvent } from '../../crd/controller.js';
import { generateConfigSecrets, gatewayOfConfigSecret } from '../generate/filter-config-secrets.js';
import { generateFilterConfig } from '../generate/filter-config.js';
import { ResolveContext } from '../resolve/context.js';
import { resolveGateway } from '../resolve/resolve-gateway.js';
import type { RouteGraph } from '../resolve/route-graph.js';
import { ProxyIndex } from '../workloads/proxies.js';
import { hasProcessor, planRollOut } from '../workloads/roll-out.js';
import type { AffectedRoots } from './affected-roots.js';
import type { RoutingControllerOptions } from './routing-options.js';

/** Roll-outs end without telling us when nobody watches the workload's status any more. */
const ROLL_OUT_CHECK_MS = 5_000;

/**
 * Gateway → the Secrets with its filter config, and what its proxies have to be told of it.
 * @see spec controller.md sections 9, 10 and 12
 */
export class GatewayController implements Controller {
  readonly name = 'gateway';
  readonly holdOff = { quietMs: 20, maxMs: 1_000 };

  constructor(
    private readonly affected: AffectedRoots,
    private readonly options: RoutingControllerOptions,
  ) {}

  triggers(change: Change): Iterable<ObjectKey> {
    return [...this.affected.of(change)].filter((key) => isKeyOf(key, kinds.gateway));
  }

  reconcile(roots: readonly ObjectKey[], world: Snapshot): readonly Desired[] {
    const context = new ResolveContext(world);
    const proxies = new ProxyIndex(world);
    const secrets = secretsByGateway(world);
    return roots.map((root) => this.#reconcileGateway(root, context, proxies, secrets.get(root) ?? []));
  }

  #reconcileGateway(
    root: ObjectKey,
    context: ResolveContext,
    index: ProxyIndex,
    existing: readonly KubeObject[],
  ): Desired {
    const nothing = { root, objects: [], deletes: [], patches: [], conditions: new Map(), events: [] };
    const gateway = context.world.get<Gateway>(kinds.gateway, namespaceOfKey(root), nameOfKey(root));
    if (!gateway || gateway.metadata.deletionTimestamp !== undefined)
      return { ...nothing, deletes: existing.map(keyOf) };
    const proxies = index.of(gateway, gateway.spec?.gatewayClassName);
    if (proxies.conflict !== undefined)
      return { ...nothing, events: [warning(root, 'ProxiesInSeveralNamespaces', conflictNote(proxies.conflict))] };
    const namespace = proxies.namespace ?? this.#expectedNamespace(gateway, context.world);
    if (namespace === undefined) return { ...nothing, deletes: existing.map(keyOf) };

    const graph = resolveGateway(context, gateway);
    const isEffective = graph.routes.length > 0;
    // Pods that still carry the processor must not keep credentials of routes that are gone.
    if (!isEffective && !proxies.pods.some(hasProcessor)) {
      const rollOut = planRollOut({ proxies, container: undefined, configId: undefined });
      return { ...nothing, patches: rollOut.patches, deletes: existing.map(keyOf) };
    }
    const config = this.#filterConfig(graph);
    const rollOut = planRollOut({
      proxies,
      container: this.#container(graph, isEffective),
      configId: config.uuid,
    });
    return {
      ...nothing,
      ...this.#secrets(gateway, config, namespace, existing),
      patches: rollOut.patches,
      ...(rollOut.isWaiting && { requeueAfterMs: ROLL_OUT_CHECK_MS }),
    };
  }

  #filterConfig(graph: RouteGraph): FilterConfig {
    const config = generateFilterConfig(graph, this.options.version);
    return { ...config, uuid: filterConfigId(config) };
  }

  #container(graph: RouteGraph, isEffective: boolean): ExtProcInputs | undefined {
    if (!isEffective || this.options.extProcMode !== 'sidecar') return undefined;
    return {
      settings: this.options.extProc,
      overrides: graph.gatewayConfig?.config.spec?.extProc?.kubernetes,
      needsMcp: false,
    };
  }

  /** A config that is too large leaves the one that is there in force, and says so. */
  #secrets(
    gateway: Gateway,
    config: FilterConfig,
    namespace: string,
    existing: readonly KubeObject[],
  ): Pick<Desired, 'objects' | 'deletes' | 'events'> {
    try {
      const { writesLegacySecret } = this.options;
      const objects = generateConfigSecrets(gateway, config, namespace, { writesLegacySecret });
      const wanted = new Set(objects.map(keyOf));
      const deletes = existing.map(keyOf).filter((key) => !wanted.has(key));
      return { objects, deletes, events: [] };
    } catch (error) {
      if (!(error instanceof UserFacingError)) throw error;
      const event = warning(keyOf(gateway), 'FilterConfigTooLarge', error.message);
      return { objects: [], deletes: [], events: [event] };
    }
  }

  /** Where proxies will run that are not there yet: their first pod shall find its config. */
  #expectedNamespace(gateway: Gateway, world: Snapshot): string | undefined {
    const gatewayClass = world.get<GatewayClass>(kinds.gatewayClass, '', gateway.spec?.gatewayClassName ?? '');
    return gatewayClass?.spec?.controllerName === GATEWAY_CONTROLLER_NAME
      ? this.options.envoyGatewayNamespace
      : undefined;
  }
}

function secretsByGateway(world: Snapshot): ReadonlyMap<ObjectKey, readonly KubeObject[]> {
  const byGateway = new Map<ObjectKey, KubeObject[]>();
  for (const secret of world.list<Secret>(kinds.secret)) {
    const gateway = gatewayOfConfigSecret(secret);
    if (gateway === undefined) continue;
    const known = byGateway.get(gateway);
    if (known) known.push(secret);
    else byGateway.set(gateway, [secret]);
  }
  return byGateway;
}

const warning = (regarding: ObjectKey, reason: string, note: string): ObjectEvent => ({
  regarding,
  type: 'Warning',
  reason,
  action: 'Reconcile',
  note: note.slice(0, 1024),
});

const conflictNote = (places: string) =>
  `proxies with the labels of this Gateway run in several namespaces (${places}): keep those of one namespace`;
