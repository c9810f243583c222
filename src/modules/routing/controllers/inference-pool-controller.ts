import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { ConditionState } from '../../../shared/api/conditions.js';
import { GATEWAY_CONTROLLER_NAME, type Gateway } from '../../../shared/api/gateway-api.js';
import type { HTTPRoute, ParentReference } from '../../../shared/api/http-route.js';
import type { InferencePool, InferencePoolParent } from '../../../shared/api/inference-pool.js';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, objectKey, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import { isKeyOf, nameOfKey, namespaceOfKey } from '../../../shared/api/object-key.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { withTransitionTimes } from '../../crd/apply/transition-times.js';
import type { Change, Controller, Desired } from '../../crd/controller.js';
import { controllerOfGateway } from '../workloads/controller-of-gateway.js';
import { backendsOfRoute, gatewaysOfRoute, namespaceOf } from './references.js';

/**
 * InferencePool → its `status.parents`: the Gateways of Envoy Gateway whose routes lead to it, each with the same two
 * conditions. Parents of other controllers stay as they are. @see spec controller.md sections 16 and 19 (row 28)
 */
export class InferencePoolController implements Controller {
  readonly name = 'inference-pool';
  readonly holdOff = { quietMs: 50, maxMs: 500 };

  /** Pools are few, and nobody waits for their status: whatever may concern one concerns all. */
  triggers({ type, before, after }: Change, world: Snapshot): Iterable<ObjectKey> {
    const key = keyOf((after ?? before)!);
    if (isKeyOf(key, kinds.inferencePool)) return [key];
    if (!CONCERNING.some(({ group, kind }) => group === type.group && kind === type.kind)) return [];
    return world.list(kinds.inferencePool).map(keyOf);
  }

  reconcile(roots: readonly ObjectKey[], world: Snapshot, now: Date): readonly Desired[] {
    const parents = parentsByPool(world);
    return roots.map((root) => {
      const nothing = { root, objects: [], deletes: [], patches: [], conditions: new Map(), events: [] };
      const pool = world.get<InferencePool>(kinds.inferencePool, namespaceOfKey(root), nameOfKey(root));
      if (!pool || pool.metadata.deletionTimestamp !== undefined) return nothing;
      const status = { parents: statusParents(pool, parents.get(root) ?? new Set(), world, now) };
      if (status.parents.length === 0 && pool.status?.parents === undefined) return nothing;
      // The version: the list is written as a whole, and another controller may write its own entry in the same moment.
      const { resourceVersion } = pool.metadata;
      const patch = { ...(resourceVersion !== undefined && { metadata: { resourceVersion } }), status };
      return { ...nothing, patches: [{ object: root, patch, subresource: 'status' }] };
    });
  }
}

const CONCERNING = [kinds.gateway, kinds.gatewayClass, kinds.aiGatewayRoute, kinds.httpRoute, kinds.service];

/** Gateways whose routes lead to each pool, sorted, wherever the routes are. */
function parentsByPool(world: Snapshot): ReadonlyMap<ObjectKey, ReadonlySet<ObjectKey>> {
  const parents = new Map<ObjectKey, Set<ObjectKey>>();
  const add = (pools: readonly ObjectKey[], gateways: readonly ObjectKey[]) => {
    for (const pool of pools) {
      if (!isKeyOf(pool, kinds.inferencePool)) continue;
      const known = parents.get(pool) ?? new Set();
      for (const gateway of gateways) known.add(gateway);
      parents.set(pool, known);
    }
  };
  for (const route of world.list<AIGatewayRoute>(kinds.aiGatewayRoute))
    add(backendsOfRoute(route), gatewaysOfRoute(route));
  for (const route of world.list<HTTPRoute>(kinds.httpRoute)) add(poolsOf(route), parentGateways(route));
  return parents;
}

const poolsOf = (route: HTTPRoute): readonly ObjectKey[] =>
  (route.spec?.rules ?? []).flatMap((rule) =>
    (rule.backendRefs ?? [])
      .filter(({ group, kind }) => group === kinds.inferencePool.group && kind === kinds.inferencePool.kind)
      .map(({ namespace, name }) => objectKey(kinds.inferencePool, namespace || namespaceOf(route), name)),
  );

const parentGateways = (route: HTTPRoute): readonly ObjectKey[] =>
  (route.spec?.parentRefs ?? []).flatMap((ref) => (isGateway(ref) ? [gatewayKey(ref, namespaceOf(route))] : []));

const isGateway = ({ group, kind }: Pick<ParentReference, 'group' | 'kind'>): boolean =>
  (group ?? kinds.gateway.group) === kinds.gateway.group && (kind ?? kinds.gateway.kind) === kinds.gateway.kind;

const gatewayKey = (ref: { readonly namespace?: string; readonly name: string }, ownNamespace: string): ObjectKey =>
  objectKey(kinds.gateway, ref.namespace || ownNamespace, ref.name);

function statusParents(
  pool: InferencePool,
  gateways: ReadonlySet<ObjectKey>,
  world: Snapshot,
  now: Date,
): readonly InferencePoolParent[] {
  const previous = pool.status?.parents ?? [];
  const foreign = previous.filter(
    ({ parentRef }) => !isGateway(parentRef) || !isOurs(world, gatewayKey(parentRef, namespaceOf(pool))),
  );
  const states = conditionsOf(pool, world);
  const own = [...gateways]
    .filter((gateway) => isOurs(world, gateway) && find(world, gateway) !== undefined)
    .sort()
    .map((gateway): InferencePoolParent => {
      const before = previous.find(
        ({ parentRef }) => isGateway(parentRef) && gatewayKey(parentRef, namespaceOf(pool)) === gateway,
      );
      return {
        parentRef: { ...kinds.gateway, name: nameOfKey(gateway), namespace: namespaceOfKey(gateway) },
        conditions: withTransitionTimes(states, before?.conditions ?? [], now),
      };
    });
  return [...foreign, ...own];
}

const find = (world: Snapshot, gateway: ObjectKey): Gateway | undefined =>
  world.get<Gateway>(kinds.gateway, namespaceOfKey(gateway), nameOfKey(gateway));

/** Gateways that are gone count as ours: nobody else would take their entries away. */
function isOurs(world: Snapshot, gateway: ObjectKey): boolean {
  const found = find(world, gateway);
  return found === undefined || controllerOfGateway(world, found) === GATEWAY_CONTROLLER_NAME;
}

function conditionsOf(pool: InferencePool, world: Snapshot): readonly ConditionState[] {
  const { generation } = pool.metadata;
  const state = (type: string, status: 'True' | 'False', reason: string, message: string): ConditionState => ({
    type,
    status,
    reason,
    message,
    ...(generation !== undefined && { observedGeneration: generation }),
  });
  const missing = missingPicker(pool, world);
  return [
    state('Accepted', 'True', 'Accepted', 'The InferencePool is served by ai-gateway-controller.'),
    missing === undefined
      ? state('ResolvedRefs', 'True', 'ResolvedRefs', 'The endpoint picker was found.')
      : state('ResolvedRefs', 'False', 'InvalidExtensionRef', missing),
  ];
}

function missingPicker(pool: InferencePool, world: Snapshot): string | undefined {
  const ref = pool.spec?.endpointPickerRef;
  if (ref === undefined) return 'spec.endpointPickerRef: there is none; name the Service of an endpoint picker';
  const service: KubeObject | undefined = world.get(kinds.service, namespaceOf(pool), ref.name);
  return service
    ? undefined
    : `spec.endpointPickerRef: Service ${namespaceOf(pool)}/${ref.name} does not exist: create it, or correct the name`;
}
