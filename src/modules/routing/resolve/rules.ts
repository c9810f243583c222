import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { httpRouteLimits } from '../../../shared/api/http-route.js';
import type { ResolveContext } from './context.js';
import { resolveBackendRef } from './backend-ref.js';
import { error } from './faults.js';
import type { RuleNode } from './route-graph.js';
import { ruleWarnings } from './rule-warnings.js';

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
  const faults: Fault[] = [...ruleWarnings(route)];
  for (const [index, rule] of (route.spec?.rules ?? []).entries()) {
    const path = `spec.rules[${index}]`;
    const matches = rule.matches ?? [];
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
