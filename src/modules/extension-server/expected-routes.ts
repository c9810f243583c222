import { GATEWAY_CONTROLLER_NAME } from '../../shared/api/gateway-api.js';
import { generatedAnnotations, routesFingerprint, type RouteFacts } from '../../shared/api/generated-http-route.js';
import type { HTTPRoute, ParentReference, RouteParentStatus } from '../../shared/api/http-route.js';
import { kinds } from '../../shared/api/kinds.js';
import { objectKey, type ObjectKey } from '../../shared/api/kube-object.js';
import type { Snapshot } from '../../shared/api/snapshot.js';

/** What Envoy Gateway must have translated for a Gateway, by what it says in the status of our HTTPRoutes. */
export interface ExpectedRoutes {
  /** HTTPRoutes of ours that it serves, as it says. */
  readonly acceptedCount: number;
  /** Equal to that of its translation; undefined while it has not judged all HTTPRoutes as they are, or not all of a route. */
  readonly fingerprint: string | undefined;
}

/** By Gateway; those that no HTTPRoute of ours names are absent. */
export function expectedRoutes(world: Snapshot): ReadonlyMap<ObjectKey, ExpectedRoutes> {
  const byGateway = new Map<ObjectKey, { readonly accepted: RouteFacts[]; isSettled: boolean }>();
  for (const route of world.list<HTTPRoute>(kinds.httpRoute)) {
    if (route.metadata.annotations?.[generatedAnnotations.generated] === undefined) continue;
    for (const gateway of new Set((route.spec.parentRefs ?? []).map((ref) => gatewayOf(route, ref)))) {
      const known = byGateway.get(gateway) ?? { accepted: [], isSettled: true };
      byGateway.set(gateway, known);
      const judgement = judgementOf(route, gateway);
      if (judgement === 'pending') known.isSettled = false;
      if (judgement === 'accepted') known.accepted.push(factsOf(route));
    }
  }
  return new Map(
    [...byGateway].map(([gateway, { accepted, isSettled }]) => [
      gateway,
      { acceptedCount: accepted.length, fingerprint: isSettled ? routesFingerprint(accepted) : undefined },
    ]),
  );
}

const gatewayOf = ({ metadata }: HTTPRoute, ref: ParentReference): ObjectKey =>
  objectKey(kinds.gateway, ref.namespace || (metadata.namespace ?? ''), ref.name);

/** `refused` when no listener of the Gateway takes it. A route that is taken in part counts as pending. */
function judgementOf(route: HTTPRoute, gateway: ObjectKey): 'pending' | 'accepted' | 'refused' {
  const own = (route.status?.parents ?? []).filter(
    ({ controllerName, parentRef }) =>
      controllerName === GATEWAY_CONTROLLER_NAME && gatewayOf(route, parentRef) === gateway,
  );
  if (own.length === 0 || own.some((parent) => !isCurrent(parent, route))) return 'pending';
  if (own.some((parent) => isTrue(parent, 'PartiallyInvalid'))) return 'pending';
  return own.some((parent) => isTrue(parent, 'Accepted')) ? 'accepted' : 'refused';
}

const isCurrent = ({ conditions = [] }: RouteParentStatus, { metadata: { generation = 0 } }: HTTPRoute): boolean =>
  conditions.some(({ type, observedGeneration = 0 }) => type === 'Accepted' && observedGeneration >= generation);

const isTrue = ({ conditions = [] }: RouteParentStatus, wanted: string): boolean =>
  conditions.some(({ type, status }) => type === wanted && status === 'True');

function factsOf({ metadata, spec }: HTTPRoute): RouteFacts {
  const { namespace = '', name, annotations = {} } = metadata;
  return {
    namespace,
    name,
    refs: annotations[generatedAnnotations.refs] ?? '',
    xdsInputs: annotations[generatedAnnotations.xdsInputs] ?? '',
    matchCount: (spec.rules ?? []).reduce((sum, { matches = [] }) => sum + Math.max(matches.length, 1), 0),
  };
}
