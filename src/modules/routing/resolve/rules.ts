import type { AIGatewayRoute, AIGatewayRouteMatch } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { httpRouteLimits } from '../../../shared/api/http-route.js';
import type { ResolveContext } from './context.js';
import { resolveBackendRef } from './backend-ref.js';
import { error, warning } from './faults.js';
import { isModelHeader } from './model-header.js';
import type { RuleNode } from './route-graph.js';

interface ResolvedRules {
  readonly rules: readonly RuleNode[];
  readonly faults: readonly Fault[];
}

/**
 * The rules with what their refs lead to. More rules or matches than one HTTPRoute holds go on in further ones; more refs in
 * one rule do not, since Envoy balances them in one cluster. @see spec api.md section 10
 */
export function resolveRules(context: ResolveContext, route: AIGatewayRoute): ResolvedRules {
  const rules: RuleNode[] = [];
  const faults: Fault[] = [];
  for (const [index, rule] of (route.spec?.rules ?? []).entries()) {
    const path = `spec.rules[${index}]`;
    const matches = rule.matches ?? [];
    faults.push(
      ...matches.flatMap((match, matchIndex) => unlistedModels(route, match, `${path}.matches[${matchIndex}]`)),
    );
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
