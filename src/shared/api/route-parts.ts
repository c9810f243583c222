import type { HTTPRoute } from './http-route.js';
import { kinds } from './kinds.js';
import { groupOf, type KubeObject } from './kube-object.js';
import type { Snapshot } from './snapshot.js';

// An AIGatewayRoute with more rules or matches than one HTTPRoute may hold becomes several HTTPRoutes:
//
//   AIGatewayRoute llm ─┬▶ HTTPRoute llm                  rules[i] is rule i
//                       ├▶ HTTPRoute llm-part-1-rule-9    rules[i] is rule 9 + i
//                       └▶ HTTPRoute llm-part-2-rule-9    the matches of rule 9 may go on in the next part
//
// Envoy knows HTTPRoutes only. Whatever reads a name of Envoy's finds the AIGatewayRoute by `originOf`.

/** On the HTTPRoute of a part: name of its AIGatewayRoute, which is in the same namespace. */
export const PART_OF_ANNOTATION = 'aigateway.envoyproxy.io/part-of';
/** On the HTTPRoute of a part: index that its first rule has in the AIGatewayRoute; a decimal number. */
export const RULE_OFFSET_ANNOTATION = 'aigateway.envoyproxy.io/rule-offset';

/** A rule of an HTTPRoute or of an AIGatewayRoute, by its index there. */
export interface RuleName {
  readonly namespace: string;
  readonly route: string;
  readonly ruleIndex: number;
}

/** Annotations of the HTTPRoute that holds the rules of `route` from `ruleOffset` on. */
export const partAnnotations = (route: string, ruleOffset: number): Readonly<Record<string, string>> => ({
  [PART_OF_ANNOTATION]: route,
  [RULE_OFFSET_ANNOTATION]: String(ruleOffset),
});

/**
 * Name of the `part`-th further HTTPRoute (from 1) of a route. It tells route and offset too, for those who see the xDS of
 * an HTTPRoute before the HTTPRoute. Not bounded: a name beyond Kubernetes' limit must be cut, and is then known by its
 * annotations only.
 */
export const partName = (route: string, part: number, ruleOffset: number): string =>
  `${route}-part-${part}-rule-${ruleOffset}`;

/**
 * The rule of the AIGatewayRoute behind a rule of an HTTPRoute: by the annotations of the HTTPRoute; without them the
 * route of the same name; without such a route by the name of a part. Names of other HTTPRoutes come back as they are, and so
 * do those that name a route which does not own them: whoever may write HTTPRoutes is not given its backends for that.
 * `ruleIndex` may be beyond the rules that the AIGatewayRoute has.
 */
export function originOf(rule: RuleName, world: Snapshot): RuleName {
  const { namespace, route, ruleIndex } = rule;
  const httpRoute = world.get<HTTPRoute>(kinds.httpRoute, namespace, route);
  const part = annotatedPart(httpRoute);
  if (part !== undefined && mayBePartOf(httpRoute, namespace, part.route, world))
    return { namespace, route: part.route, ruleIndex: part.ruleOffset + ruleIndex };
  if (isAIGatewayRoute(namespace, route, world)) return rule;
  const named = parsePartName(route);
  return named !== undefined &&
    isAIGatewayRoute(namespace, named.route, world) &&
    mayBePartOf(httpRoute, namespace, named.route, world)
    ? { namespace, route: named.route, ruleIndex: named.ruleOffset + ruleIndex }
    : rule;
}

/** One that nobody has seen yet may be; routes from files own nothing. */
function mayBePartOf(httpRoute: KubeObject | undefined, namespace: string, route: string, world: Snapshot): boolean {
  const isFromFile = world.get(kinds.aiGatewayRoute, namespace, route)?.metadata.uid === undefined;
  return (
    httpRoute === undefined ||
    isFromFile ||
    (httpRoute.metadata.ownerReferences ?? []).some(
      ({ apiVersion, kind, name, controller }) =>
        controller === true &&
        groupOf(apiVersion) === kinds.aiGatewayRoute.group &&
        kind === kinds.aiGatewayRoute.kind &&
        name === route,
    )
  );
}

interface Part {
  readonly route: string;
  readonly ruleOffset: number;
}

function annotatedPart(httpRoute: KubeObject | undefined): Part | undefined {
  const annotations = httpRoute?.metadata.annotations;
  const route = annotations?.[PART_OF_ANNOTATION];
  const offset = annotations?.[RULE_OFFSET_ANNOTATION] ?? '';
  return route && /^\d{1,6}$/.test(offset) ? { route, ruleOffset: Number(offset) } : undefined;
}

function parsePartName(name: string): Part | undefined {
  const match = /^(.+)-part-\d{1,6}-rule-(\d{1,6})$/.exec(name);
  return match?.[1] === undefined ? undefined : { route: match[1], ruleOffset: Number(match[2]) };
}

const isAIGatewayRoute = (namespace: string, name: string, world: Snapshot): boolean =>
  world.get(kinds.aiGatewayRoute, namespace, name) !== undefined;
