import type { AIGatewayRouteMatch } from '../../../shared/api/ai-gateway.js';
import { httpRouteLimits } from '../../../shared/api/http-route.js';
import type { RuleNode } from '../resolve/route-graph.js';

/** One rule with as many of its matches as one HTTPRoute may hold beside the others. */
export interface PartRule {
  readonly node: RuleNode;
  /** Empty when the rule has none. */
  readonly matches: readonly AIGatewayRouteMatch[];
}

/** The rules of one HTTPRoute; consecutive ones, so that each is known by its index and the offset. */
export interface RoutePart {
  /** Index that the first rule has in the AIGatewayRoute. */
  readonly ruleOffset: number;
  readonly rules: readonly PartRule[];
}

/** The catch-all takes one rule and one match; it is in the first part alone, and the others are no larger. */
const RULES_MAX = httpRouteLimits.rulesMax - 1;
const MATCHES_MAX = httpRouteLimits.matchesMax - 1;

/**
 * Rules as the HTTPRoutes that hold them; always at least one. What does not fit into one HTTPRoute goes on in the next: a
 * rule with many matches is in several of them. @see spec api.md section 10
 */
export function splitIntoParts(rules: readonly RuleNode[]): readonly RoutePart[] {
  const parts: { ruleOffset: number; rules: PartRule[]; matchCount: number }[] = [
    { ruleOffset: 0, rules: [], matchCount: 0 },
  ];
  for (const node of rules) {
    for (const matches of chunksOf(node.matches, httpRouteLimits.matchesPerRuleMax)) {
      // A rule without matches counts as one with one.
      const size = Math.max(matches.length, 1);
      const last = parts.at(-1)!;
      const fits =
        last.rules.length < RULES_MAX &&
        last.matchCount + size <= MATCHES_MAX &&
        last.rules.at(-1)?.node.index !== node.index;
      const part = fits ? last : { ruleOffset: node.index, rules: [], matchCount: 0 };
      if (!fits) parts.push(part);
      part.rules.push({ node, matches });
      part.matchCount += size;
    }
  }
  return parts.map(({ ruleOffset, rules: held }) => ({ ruleOffset, rules: held }));
}

function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  if (items.length === 0) return [[]];
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
