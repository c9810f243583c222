import { createHash } from 'node:crypto';
import { equals } from '@bufbuild/protobuf';
import {
  HeaderMatcherSchema,
  type Route,
  type VirtualHost,
} from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import type { Fault } from '../../../shared/api/fault.js';
import { objectKey } from '../../../shared/api/kube-object.js';
import { kinds } from '../../../shared/api/kinds.js';
import { headers } from '../../../shared/headers.js';
import { parseRuleName, type RuleName } from './xds-names.js';

// Envoy applies the authentication filters of the first route match. The model is not known then, so that the first match
// of every AI request is the answer for unknown models of one AIGatewayRoute of the host; the processor then reads the
// model and has the request routed again. What authentication a route asks for is its domain: equal domains on both
// matches mean that the right filters ran (extension-server.md 21.8).

/** Names may end in `/<policy>`. */
const AUTHENTICATION_FILTER = /^envoy\.filters\.http\.(?:ext_authz|api_key_auth|basic_auth|oauth2|jwt_authn)(?:\/|$)/;

/** Fingerprint of the authentication filters that a route configures, 16 hex digits; undefined when there are none. */
export function authDomainOf({ typedPerFilterConfig }: Pick<Route, 'typedPerFilterConfig'>): string | undefined {
  const own = Object.entries(typedPerFilterConfig)
    .filter(([name]) => AUTHENTICATION_FILTER.test(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (own.length === 0) return undefined;
  const hash = createHash('sha256');
  for (const [name, { typeUrl, value }] of own) hash.update(`${name}\0${typeUrl}\0${value.length}\0`).update(value);
  return hash.digest('hex').slice(0, 16);
}

/**
 * AI rules of a host whose requests get another authentication than the rule's own, each told with what becomes of them:
 * those of a rule with authentication are refused, those of a rule without need credentials all the same. Considers
 * requests that have the headers which the rule asks for and no others; `x-ai-eg-model` counts for nothing, because what a
 * client says in it is taken away.
 */
export function misplacedAuthentication(host: VirtualHost, isAIRoute: (route: Route) => boolean): Fault[] {
  const routes = host.routes.filter(isAIRoute);
  const beforeModel = routes.filter(({ match }) => !match?.headers.some(({ name }) => name === headers.model));
  return routes.flatMap((route) => {
    const rule = parseRuleName(route.name);
    const first = beforeModel.find((other) => matchesWhenever(route, other));
    if (rule === undefined || first === undefined || route.action.case !== 'route') return [];
    const [own, applied] = [authDomainOf(route), authDomainOf(first)];
    return own === applied ? [] : [authenticationNotApplied(rule, own, applied === undefined ? undefined : first)];
  });
}

/** Whether a request with no other headers than those that `route` asks for matches `other` too. */
const matchesWhenever = (route: Route, other: Route): boolean =>
  (other.match?.headers ?? []).every((needed) =>
    route.match?.headers.some((given) => equals(HeaderMatcherSchema, given, needed)),
  );

function authenticationNotApplied(rule: RuleName, own: string | undefined, first: Route | undefined): Fault {
  const other = first && parseRuleName(first.name);
  const policy = other === undefined ? 'none' : `that of AIGatewayRoute ${other.namespace}/${other.route}`;
  const outcome =
    own === undefined
      ? 'its requests need the credentials of that policy'
      : 'its own SecurityPolicy cannot be applied, and its requests are refused with status 403';
  return {
    object: objectKey(kinds.aiGatewayRoute, rule.namespace, rule.route),
    path: `spec.rules[${rule.ruleIndex}]`,
    reason: 'AuthenticationNotApplied',
    message:
      'clients are authenticated before the model is known, with one SecurityPolicy for all AI routes of a listener: ' +
      `${policy}; ${outcome}. Let one SecurityPolicy target the Gateway, or give the route a listener of its own.`,
    severity: 'warning',
  };
}
