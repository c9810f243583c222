import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { kinds } from '../../../shared/api/kinds.js';
import { displayName, groupOf, type KubeObject } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { childNames } from './child-names.js';
import { error } from './faults.js';

/**
 * Somebody else's objects under the names that are to be generated. They are never taken over, and the whole route is
 * refused: the clusters of a foreign HTTPRoute bear the names that ours would, and would be given our credentials. One of ours
 * whose owner somebody took away gets it back.
 * @see spec controller.md section 19 (row 16)
 */
export function nameConflicts(world: Snapshot, route: AIGatewayRoute): readonly Fault[] {
  const { name, namespace = '' } = route.metadata;
  const wanted = [
    { type: kinds.httpRoute, name: childNames.httpRoute(name) },
    { type: kinds.httpRouteFilter, name: childNames.hostRewriteFilter(name) },
    { type: kinds.httpRouteFilter, name: childNames.notFoundFilter(name) },
  ];
  return wanted.flatMap((child) => {
    const existing = world.get(child.type, namespace, child.name);
    if (!existing || isOwnedBy(existing, route) || isOrphan(world, existing)) return [];
    const message = `${displayName(existing)} exists and was not generated for this route: rename it, or rename the route`;
    return [error(route, 'metadata.name', 'NameConflict', message)];
  });
}

const isOrphan = (world: Snapshot, { apiVersion, kind, metadata }: KubeObject): boolean =>
  (metadata.ownerReferences ?? []).every(({ controller }) => controller !== true) &&
  world.isWrittenByUs({ group: groupOf(apiVersion), kind }, metadata.namespace ?? '', metadata.name);

const isOwnedBy = (object: KubeObject, route: AIGatewayRoute): boolean =>
  (object.metadata.ownerReferences ?? []).some(
    (owner) =>
      groupOf(owner.apiVersion) === kinds.aiGatewayRoute.group &&
      owner.kind === kinds.aiGatewayRoute.kind &&
      owner.name === route.metadata.name,
  );
