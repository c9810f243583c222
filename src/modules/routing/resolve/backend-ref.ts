import type { AIGatewayRoute, AIGatewayRouteBackendRef, AIServiceBackend } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { httpRouteLimits } from '../../../shared/api/http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { displayName, objectKey } from '../../../shared/api/kube-object.js';
import type { ResolveContext } from './context.js';
import { error, firstError, warning } from './faults.js';
import { isPermitted, notPermittedMessage, type ReferenceTarget } from '../../../shared/api/reference-grants.js';
import { notWatchedMessage } from './not-watched.js';
import type { PoolNode, RefNode, ServiceBackendNode } from './route-graph.js';
import { authOfTarget } from './security-policy.js';

/** Where a ref points. Anything but the exact pair of an InferencePool is an AIServiceBackend (spec api.md section 3). */
export function targetOf(ref: AIGatewayRouteBackendRef, routeNamespace: string): ReferenceTarget {
  const isPool = ref.group === kinds.inferencePool.group && ref.kind === kinds.inferencePool.kind;
  return {
    type: isPool ? kinds.inferencePool : kinds.aiServiceBackend,
    namespace: ref.namespace || routeNamespace,
    name: ref.name,
  };
}

export function resolveBackendRef(
  context: ResolveContext,
  route: AIGatewayRoute,
  ref: AIGatewayRouteBackendRef,
  index: number,
  path: string,
): RefNode {
  const namespace = route.metadata.namespace ?? '';
  const target = targetOf(ref, namespace);
  const node = (backend: RefNode['backend'], faults: readonly Fault[]): RefNode => {
    const all = [...faults, ...weightFaults(route, ref, path)];
    return { index, ref, target, ...(backend && { backend }), isUsable: !firstError(all), faults: all };
  };
  if (!context.world.isWatched(target.namespace))
    return node(undefined, [error(route, path, 'NamespaceNotWatched', notWatchedMessage(target))]);
  const from = { type: kinds.aiGatewayRoute, namespace };
  if (!isPermitted(context.world, from, target)) {
    return node(undefined, [error(route, path, 'RefNotPermitted', notPermittedMessage(from, target))]);
  }
  if (target.type === kinds.inferencePool) {
    const { backend, faults } = resolvePool(context, route, target, path);
    const resolved = node(backend, faults);
    return { ...resolved, faults: [...resolved.faults, ...missingPool(context, route, target, path)] };
  }
  const object = context.world.get<AIServiceBackend>(kinds.aiServiceBackend, target.namespace, target.name);
  if (!object || object.metadata.deletionTimestamp !== undefined) {
    const state = object
      ? 'is being deleted: name another one, or create it anew when it is gone'
      : 'does not exist: create it, or correct the ref';
    const message = `AIServiceBackend ${target.namespace}/${target.name} ${state}`;
    const missing = objectKey(kinds.aiServiceBackend, target.namespace, target.name);
    return node(undefined, [error(route, path, 'BackendNotFound', message, missing)]);
  }
  const backend = context.backend(object);
  return node(backend, [...consequence(route, path, backend), ...backendGrantFaults(context, route, backend, path)]);
}

function resolvePool(context: ResolveContext, route: AIGatewayRoute, target: ReferenceTarget, path: string) {
  const policies = context.policiesOf(target);
  const { auth, problem } = authOfTarget(target, policies);
  const backend: PoolNode = { kind: 'pool', policies, ...(auth && { auth }) };
  return { backend, faults: problem ? [error(route, path, problem.reason, problem.message)] : [] };
}

/** Only told: the ref stays as it is, and Envoy Gateway, which finds pools by itself, answers 500 in its place. */
function missingPool(
  { world }: ResolveContext,
  route: AIGatewayRoute,
  { namespace, name }: ReferenceTarget,
  path: string,
): readonly Fault[] {
  if (world.get(kinds.inferencePool, namespace, name)) return [];
  const message = `InferencePool ${namespace}/${name} does not exist: create it, or correct the ref`;
  return [error(route, path, 'BackendNotFound', message, objectKey(kinds.inferencePool, namespace, name))];
}

/** The route says that it cannot use the backend; what is wrong with the backend is told there in full. */
function consequence(route: AIGatewayRoute, path: string, backend: ServiceBackendNode): readonly Fault[] {
  const cause = firstError(backend.faults);
  if (!cause) return [];
  return [error(route, path, 'BackendNotReady', `${displayName(backend.object)} cannot be used: ${cause.message}`)];
}

/** The generated HTTPRoute points at the Backend itself: from another namespace Envoy Gateway wants a grant for that. */
function backendGrantFaults(
  context: ResolveContext,
  route: AIGatewayRoute,
  { backendRef, object }: ServiceBackendNode,
  path: string,
): readonly Fault[] {
  if (!backendRef) return [];
  const from = { type: kinds.httpRoute, namespace: route.metadata.namespace ?? '' };
  const to = {
    type: kinds.backend,
    namespace: backendRef.namespace || (object.metadata.namespace ?? ''),
    name: backendRef.name,
  };
  // Of a namespace that is not watched the backend itself tells.
  if (!context.world.isWatched(to.namespace) || isPermitted(context.world, from, to)) return [];
  return [error(route, path, 'RefNotPermitted', notPermittedMessage(from, to))];
}

function weightFaults(route: AIGatewayRoute, { weight = 1 }: AIGatewayRouteBackendRef, path: string): readonly Fault[] {
  const { weightMax } = httpRouteLimits;
  if (weight <= weightMax) return [];
  const message = `weight ${weight} is above the ${weightMax} of an HTTPRoute and counts as ${weightMax}: scale the weights of the rule down`;
  return [warning(route, `${path}.weight`, 'UnsupportedValue', message)];
}
