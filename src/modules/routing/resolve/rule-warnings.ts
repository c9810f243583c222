import type { AIGatewayRoute, AIGatewayRouteMatch, AIGatewayRouteRule } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { warning } from './faults.js';

/**
 * What is allowed and hardly meant: rules that can only answer 500, and matches that no request reaches, since of equal ones
 * in a route the first counts. Equal are those that ask for the same headers, in whatever order.
 */
export function ruleWarnings(route: AIGatewayRoute): readonly Fault[] {
  const first = new Map<string, string>();
  return (route.spec?.rules ?? []).flatMap((rule, index) => {
    const path = `spec.rules[${index}]`;
    const matches: readonly AIGatewayRouteMatch[] = rule.matches?.length ? rule.matches : [{}];
    const shadowed = matches.flatMap((match, matchIndex) => {
      const own = rule.matches?.length ? `${path}.matches[${matchIndex}]` : path;
      const key = keyOfMatch(match);
      const winner = first.get(key);
      if (winner !== undefined) return [shadowedMatch(route, own, winner)];
      first.set(key, own);
      return [];
    });
    return [...noBackends(route, rule, path), ...shadowed];
  });
}

function noBackends(route: AIGatewayRoute, { backendRefs = [] }: AIGatewayRouteRule, path: string): readonly Fault[] {
  if (backendRefs.some(({ weight = 1 }) => weight > 0)) return [];
  const found = backendRefs.length === 0 ? 'there is no backendRef' : 'every backendRef has weight 0';
  const message = `${found}, so that requests of this rule are answered 500: name a backend, or drop the rule`;
  return [warning(route, `${path}.backendRefs`, 'NoBackends', message)];
}

const shadowedMatch = (route: AIGatewayRoute, path: string, winner: string): Fault =>
  warning(
    route,
    path,
    'ShadowedMatch',
    `${winner} matches the same requests and comes first, so that none come here: drop one of them, or put their backends into one rule`,
  );

/** Names of headers compare without case. */
const keyOfMatch = ({ headers = [] }: AIGatewayRouteMatch): string =>
  JSON.stringify(
    headers.map(({ name, type = 'Exact', value }) => JSON.stringify([name.toLowerCase(), type, value])).sort(),
  );
