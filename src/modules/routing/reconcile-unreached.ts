import type {
  AIGatewayRoute,
  AIServiceBackend,
  BackendSecurityPolicy,
  GatewayConfig,
} from '../../shared/api/ai-gateway.js';
import { kinds } from '../../shared/api/kinds.js';
import { keyOf, type KubeObject, type ObjectKey } from '../../shared/api/kube-object.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import { conditionsOf } from './conditions/conditions.js';
import type { GatewayDesired } from './reconcile.js';
import { ResolveContext } from './resolve/context.js';
import { distinctFaults, warning } from './resolve/faults.js';
import { distinctObjects, objectsOfRoute } from './resolve/graph-objects.js';
import { faultsOfRoute, resolveGatewayConfig } from './resolve/resolve-gateway.js';
import { resolveRoute } from './resolve/resolve-route.js';

/**
 * Faults and conditions of our objects that no Gateway reaches, such as a route whose Gateway does not exist; nothing is
 * generated for them. `reached` are the keys of the conditions of all Gateways together.
 */
export function reconcileUnreached(
  world: Snapshot,
  reached: ReadonlySet<ObjectKey>,
): Pick<GatewayDesired, 'conditions' | 'faults'> {
  const context = new ResolveContext(world);
  const isLeft = (object: KubeObject) => object.metadata.deletionTimestamp === undefined && !reached.has(keyOf(object));

  const routes = world
    .list<AIGatewayRoute>(kinds.aiGatewayRoute)
    .filter(isLeft)
    .map((route) => resolveRoute(context, route));
  const ofRoutes = routes.flatMap(objectsOfRoute);
  const usedKeys = new Set(ofRoutes.map(keyOf));
  const backends = world
    .list<AIServiceBackend>(kinds.aiServiceBackend)
    .filter(isLeft)
    .map((object) => context.backend(object));
  const policies = world
    .list<BackendSecurityPolicy>(kinds.backendSecurityPolicy)
    .filter(isLeft)
    .map((policy) => context.policy(policy));
  const configs = world
    .list<GatewayConfig>(kinds.gatewayConfig)
    .filter(isLeft)
    .map((config) => resolveGatewayConfig(config));

  const faults = distinctFaults([
    ...routes.flatMap(faultsOfRoute),
    ...policies.flatMap((node) => node.faults),
    ...backends.flatMap((node) => [
      ...node.faults,
      ...(usedKeys.has(keyOf(node.object))
        ? []
        : [warning(node.object, '', 'BackendNotUsed', 'no AIGatewayRoute uses this backend')]),
    ]),
    ...configs.flatMap((node) => node.faults),
  ]).filter((fault) => !reached.has(fault.object));

  const objects = distinctObjects([
    ...ofRoutes,
    ...policies.map((node) => node.policy),
    ...backends.map((node) => node.object),
    ...configs.map((node) => node.config),
  ]).filter(isLeft);
  return { conditions: conditionsOf(objects, faults), faults };
}
