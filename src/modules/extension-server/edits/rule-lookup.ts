import type { AIGatewayRoute, AIGatewayRouteRule } from '../../../shared/api/ai-gateway.js';
import { kinds } from '../../../shared/api/kinds.js';
import { originOf, type RuleName } from '../../../shared/api/route-parts.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';

/** A rule of an AIGatewayRoute, found by a name of Envoy's. */
export interface AIRule {
  readonly route: AIGatewayRoute;
  /** Its name in the AIGatewayRoute. */
  readonly name: RuleName;
  /** Absent when the route does not have that many rules (any more), as for the rule that answers unknown models. */
  readonly rule?: AIGatewayRouteRule;
}

/** The rule behind a rule of an HTTPRoute; undefined when that belongs to no AIGatewayRoute. */
export type RuleLookup = (named: RuleName) => AIRule | undefined;

/** Looks each name up once, also those that are not found. @see spec extension-server.md section 21.20 */
export function ruleLookup(world: Snapshot): RuleLookup {
  const known = new Map<string, AIRule | undefined>();
  return (named) => {
    const key = `${named.namespace}/${named.route}/${named.ruleIndex}`;
    if (!known.has(key)) known.set(key, findRule(named, world));
    return known.get(key);
  };
}

function findRule(named: RuleName, world: Snapshot): AIRule | undefined {
  const name = originOf(named, world);
  const route = world.get<AIGatewayRoute>(kinds.aiGatewayRoute, name.namespace, name.route);
  const rule = route?.spec?.rules?.[name.ruleIndex];
  return route && { route, name, ...(rule === undefined ? {} : { rule }) };
}
