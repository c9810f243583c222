import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { Condition } from '../../../shared/api/conditions.js';
import { GATEWAY_CONTROLLER_NAME } from '../../../shared/api/gateway-api.js';
import type { HTTPRoute, ParentReference } from '../../../shared/api/http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { displayName } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { gatewayKeyOf } from '../resolve/parents.js';
import type { RouteNode } from '../resolve/route-graph.js';

/** A route with the names of the HTTPRoutes that were made of it. */
export interface GeneratedRoute {
  readonly node: RouteNode;
  readonly httpRoutes: readonly string[];
  /** Whether they change now, so that answers of Envoy Gateway are to former ones. */
  readonly isBeingWritten?: boolean;
}

/** Why a route is not in force at a Gateway. */
export interface Missing {
  readonly reason: string;
  readonly message: string;
}

/**
 * What Envoy Gateway says against the HTTPRoutes of a route at one parent; an answer to an older HTTPRoute counts as none. It
 * takes an HTTPRoute without the rules that it cannot use (`PartiallyInvalid`), and without the backends that it cannot find
 * (`ResolvedRefs`). The latter is left out while some ref is none that we can use either: that is told as such.
 * @see Gateway API, RouteConditionType
 */
export function answerOfEnvoyGateway(
  world: Snapshot,
  { node, httpRoutes }: GeneratedRoute,
  ref: ParentReference,
  gatewayName: string,
): Missing | undefined {
  const isComplete = node.rules.every(({ refs }) => refs.every(({ isUsable }) => isUsable));
  for (const name of httpRoutes) {
    const child = childOf(world, node.route, name);
    const find = conditionsFinder(node.route, child, ref);
    const accepted = find('Accepted');
    if (!child || !accepted)
      return { reason: 'Pending', message: `Envoy Gateway has not yet taken the HTTPRoute for ${gatewayName}` };
    if (accepted.status !== 'True')
      return { reason: 'NotAcceptedByGateway', message: `${gatewayName} refuses the HTTPRoute: ${accepted.message}` };
    const partial = find('PartiallyInvalid');
    if (partial?.status === 'True') {
      const message = `${gatewayName} takes only a part of ${displayName(child)}: ${partial.message}`;
      return { reason: 'PartiallyInvalid', message };
    }
    const resolved = find('ResolvedRefs');
    if (isComplete && resolved?.status === 'False') {
      const message = `Envoy Gateway cannot follow a reference of ${displayName(child)}: ${resolved.message}`;
      return { reason: 'RefsNotResolvedByGateway', message };
    }
  }
  return undefined;
}

/** Since when Envoy Gateway has accepted all of the HTTPRoutes at the parent, as a Unix time. */
export const acceptedSinceMs = (
  world: Snapshot,
  route: AIGatewayRoute,
  httpRoutes: readonly string[],
  ref: ParentReference,
): number =>
  Math.max(
    ...httpRoutes.map((name) => {
      const accepted = conditionsFinder(route, childOf(world, route, name), ref)('Accepted');
      return accepted ? Date.parse(accepted.lastTransitionTime) : 0;
    }),
  );

const childOf = (world: Snapshot, { metadata }: AIGatewayRoute, name: string): HTTPRoute | undefined =>
  world.get<HTTPRoute>(kinds.httpRoute, metadata.namespace ?? '', name);

/** Finds conditions that Envoy Gateway wrote for the present generation. */
function conditionsFinder(route: AIGatewayRoute, child: HTTPRoute | undefined, ref: ParentReference) {
  const parent = child?.status?.parents?.find(
    ({ controllerName, parentRef }) =>
      controllerName === GATEWAY_CONTROLLER_NAME &&
      gatewayKeyOf(route, parentRef) === gatewayKeyOf(route, ref) &&
      parentRef.sectionName === ref.sectionName &&
      parentRef.port === ref.port,
  );
  return (wanted: string): Condition | undefined =>
    parent?.conditions?.find(
      ({ type, observedGeneration = 0 }) => type === wanted && observedGeneration >= (child?.metadata.generation ?? 0),
    );
}
