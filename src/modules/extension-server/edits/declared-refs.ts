import type { RouteConfiguration } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import { parseRefsText, type DeclaredRules } from '../../../shared/api/generated-http-route.js';
import type { RuleName } from '../../../shared/api/route-parts.js';
import { generatedOrigin, type GeneratedOrigin } from './translated-routes.js';

/** What an HTTPRoute of ours told when Envoy Gateway translated it; rules by their index in the AIGatewayRoute. */
export interface Declaration {
  /** Absent when it tells nothing that can be read. */
  readonly rules?: DeclaredRules;
  /** Whether a backendRef has weight 0 because it cannot be used. */
  isUnusable(ruleIndex: number, refIndex: number): boolean;
}

/** Undefined for HTTPRoutes that are not ours. */
export type DeclaredRefs = (httpRoute: Pick<RuleName, 'namespace' | 'route'>) => Declaration | undefined;

/** For what comes without routes. */
export const NOTHING_DECLARED: DeclaredRefs = () => undefined;

/** Reads them from the metadata of routes; of each HTTPRoute once. */
export function declaredRefs(tables: readonly RouteConfiguration[]): DeclaredRefs {
  const byHTTPRoute = new Map<string, Declaration>();
  for (const { virtualHosts } of tables) {
    for (const { routes } of virtualHosts) {
      for (const route of routes) {
        const origin = generatedOrigin(route);
        if (origin === undefined) continue;
        const key = `${origin.namespace}/${origin.name}`;
        if (!byHTTPRoute.has(key)) byHTTPRoute.set(key, declarationOf(origin));
      }
    }
  }
  return ({ namespace, route }) => byHTTPRoute.get(`${namespace}/${route}`);
}

function declarationOf({ refs, unusableRefs }: GeneratedOrigin): Declaration {
  // Without the annotation nothing is known, which is not the same as no backendRefs.
  const rules = refs === undefined ? undefined : parseRefsText(refs);
  const unusable = new Set(unusableRefs?.split(','));
  return {
    ...(rules && { rules }),
    isUnusable: (ruleIndex, refIndex) => unusable.has(`${ruleIndex}:${refIndex}`),
  };
}
