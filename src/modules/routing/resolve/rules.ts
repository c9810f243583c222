import type { AIGatewayRoute, AIGatewayRouteMatch, AIGatewayRouteRule } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { httpRouteLimits } from '../../../shared/api/http-route.js';
import type { ResolveContext } from './context.js';
import { resolveBackendRef } from './backend-ref.js';
import { error, warning } from './faults.js';
import { isModelHeader } from './model-header.js';
import type { RuleNode } from './route-graph.js';

/** One rule of an HTTPRoute is the catch-all, which takes one match as well. */
const RULES_MAX = httpRouteLimits.rulesMax - 1;
const MATCHES_MAX = httpRouteLimits.matchesMax - 1;

interface ResolvedRules {
  readonly rules: readonly RuleNode[];
  readonly faults: readonly Fault[];
}

/**
 * The rules as far as one HTTPRoute can hold them. What is too much is cut from the end and reported, so that the rest
 * serves under its own indexes; a rule that would lose all its matches goes, as it would match everything, and with it
 * all that follow. @see spec api.md section 10
 */
export function resolveRules(context: ResolveContext, route: AIGatewayRoute): ResolvedRules {
  const all = route.spec?.rules ?? [];
  const rules: RuleNode[] = [];
  const faults: Fault[] = [];
  let matchesLeft = MATCHES_MAX;
  for (const [index, rule] of all.entries()) {
    const path = `spec.rules[${index}]`;
    if (index >= RULES_MAX || matchesLeft === 0) {
      const limit = index >= RULES_MAX ? `${RULES_MAX} rules` : `${MATCHES_MAX} matches in all rules`;
      faults.push(
        error(
          route,
          path,
          'TooManyRules',
          `this rule and those after it do not serve, an AIGatewayRoute holds ${limit}: move them to another one`,
        ),
      );
      break;
    }
    const matches = (rule.matches ?? []).slice(0, Math.min(httpRouteLimits.matchesPerRuleMax, matchesLeft));
    matchesLeft -= Math.max(matches.length, 1);
    faults.push(...matchFaults(route, rule, matches, path));
    const refs = rule.backendRefs ?? [];
    const { backendRefsPerRuleMax: refsMax } = httpRouteLimits;
    if (refs.length > refsMax) {
      const message = `${refs.length} refs are more than the ${refsMax} of an HTTPRoute: those from index ${refsMax} on get no requests; use several rules or routes`;
      faults.push(error(route, `${path}.backendRefs`, 'TooManyBackendRefs', message));
    }
    rules.push({
      index,
      rule,
      matches,
      refs: refs
        .slice(0, refsMax)
        .map((ref, refIndex) => resolveBackendRef(context, route, ref, refIndex, `${path}.backendRefs[${refIndex}]`)),
    });
  }
  return { rules, faults };
}

function matchFaults(
  route: AIGatewayRoute,
  rule: AIGatewayRouteRule,
  kept: readonly AIGatewayRouteMatch[],
  path: string,
): readonly Fault[] {
  const count = rule.matches?.length ?? 0;
  const tooMany =
    count > kept.length
      ? [
          error(
            route,
            `${path}.matches`,
            'TooManyMatches',
            `only the first ${kept.length} of ${count} matches serve: an HTTPRoute holds ${httpRouteLimits.matchesPerRuleMax} in a rule and ${MATCHES_MAX} in all; move the others to another route`,
          ),
        ]
      : [];
  return [...tooMany, ...kept.flatMap((match, index) => unlistedModels(route, match, `${path}.matches[${index}]`))];
}

/** A pattern has no name to list: clients can use the models behind it, yet do not find them in `/v1/models`. */
const unlistedModels = (route: AIGatewayRoute, { headers = [] }: AIGatewayRouteMatch, path: string): readonly Fault[] =>
  headers.flatMap((header, index) =>
    isModelHeader(header) && header.type === 'RegularExpression'
      ? [
          warning(
            route,
            `${path}.headers[${index}].type`,
            'ModelNotListed',
            'models matched by a regular expression are served, but do not appear in model lists: add Exact matches for those that shall',
          ),
        ]
      : [],
  );
