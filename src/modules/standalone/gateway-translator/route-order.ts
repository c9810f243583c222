import type { HTTPRoute, HTTPRouteMatch } from '../../../shared/api/http-route.js';
import { byAge } from './route-attachment.js';

/** Name of the rule that the controller appends to each AI route. @see spec controller.md section 6 */
const CATCH_ALL_RULE = 'route-not-found';
const PATH_RANK = { Exact: 0, RegularExpression: 1, PathPrefix: 2 } as const;

/** What decides which of several routes that fit a request is taken. */
export interface RoutePosition {
  readonly route: HTTPRoute;
  readonly rule: number;
  readonly matchIndex: number;
  readonly match: HTTPRouteMatch;
}

/**
 * Order of Gateway API: exact paths, then expressions, then the longest prefix, then the most header matches, then the
 * oldest route, then its place in the route. Among equals the not-found answer of AI routes comes last, so that one
 * route does not hide rules of another.
 */
export function byPrecedence(a: RoutePosition, b: RoutePosition): number {
  return (
    PATH_RANK[a.match.path?.type ?? 'PathPrefix'] - PATH_RANK[b.match.path?.type ?? 'PathPrefix'] ||
    pathLength(b.match) - pathLength(a.match) ||
    (b.match.headers?.length ?? 0) - (a.match.headers?.length ?? 0) ||
    Number(isCatchAll(a)) - Number(isCatchAll(b)) ||
    (a.route === b.route ? 0 : byAge(a.route, b.route)) ||
    a.rule - b.rule ||
    a.matchIndex - b.matchIndex
  );
}

/** A prefix counts without its trailing slashes, which match nothing by themselves. */
const pathLength = ({ path }: HTTPRouteMatch): number => (path?.value ?? '/').replace(/\/+$/, '').length;

const isCatchAll = ({ route, rule }: RoutePosition): boolean => route.spec.rules?.[rule]?.name === CATCH_ALL_RULE;
