import { GATEWAY_CONTROLLER_NAME } from '../../shared/api/gateway-api.js';
import {
  generatedAnnotations,
  matchFact,
  routesFingerprint,
  type RouteFacts,
} from '../../shared/api/generated-http-route.js';
import type { HTTPRoute, HTTPRouteMatch, ParentReference, RouteParentStatus } from '../../shared/api/http-route.js';
import { kinds } from '../../shared/api/kinds.js';
import { objectKey, type ObjectKey } from '../../shared/api/kube-object.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import { headers } from '../../shared/headers.js';

/** What Envoy Gateway must have translated for a Gateway, by what it says in the status of our HTTPRoutes. */
export interface ExpectedRoutes {
  /** HTTPRoutes of ours that it serves, as it says. */
  readonly acceptedCount: number;
  /** Names of the states of HTTPRoutes that it has judged: one that is new tells that it was at work since. */
  readonly judged: ReadonlySet<string>;
  /** Equal to that of its translation; undefined while it has not judged all HTTPRoutes as they are, or not all of a route. */
  readonly fingerprint: string | undefined;
}

/** By Gateway; those that no HTTPRoute of ours names are absent. */
export function expectedRoutes(world: Snapshot): ReadonlyMap<ObjectKey, ExpectedRoutes> {
  const byGateway = new Map<ObjectKey, { readonly accepted: RouteFacts[]; judged: Set<string>; isSettled: boolean }>();
  for (const route of world.list<HTTPRoute>(kinds.httpRoute)) {
    if (route.metadata.annotations?.[generatedAnnotations.generated] === undefined) continue;
    for (const gateway of new Set((route.spec.parentRefs ?? []).map((ref) => gatewayOf(route, ref)))) {
      const known = byGateway.get(gateway) ?? { accepted: [], judged: new Set(), isSettled: true };
      byGateway.set(gateway, known);
      const judgement = judgementOf(route, gateway);
      if (judgement === 'pending') known.isSettled = false;
      else known.judged.add(stateOf(route));
      if (judgement === 'accepted') known.accepted.push(factsOf(route));
    }
  }
  return new Map(
    [...byGateway].map(([gateway, { accepted, judged, isSettled }]) => [
      gateway,
      { acceptedCount: accepted.length, judged, fingerprint: isSettled ? routesFingerprint(accepted) : undefined },
    ]),
  );
}

const stateOf = ({ metadata: { namespace = '', name, uid = '', generation = 0 } }: HTTPRoute): string =>
  [namespace, name, uid, generation].join('/');

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
    matches: (spec.rules ?? []).flatMap(({ matches = [] }, rule) =>
      (matches.length === 0 ? [{}] : matches).map((match) => matchFact(rule, exactModelOf(match))),
    ),
  };
}

/** Of two that differ in the case of their name the first counts. @see Gateway API, HTTPHeaderMatch.name */
function exactModelOf({ headers: wanted = [] }: HTTPRouteMatch): string | undefined {
  const model = wanted.find(({ name }) => name.toLowerCase() === headers.model);
  return model && (model.type ?? 'Exact') === 'Exact' ? model.value : undefined;
}
