import { createHash } from 'node:crypto';
import type { Route } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';

/** Names may end in `/<policy>`. */
const AUTHENTICATION_FILTER = /^envoy\.filters\.http\.(?:ext_authz|api_key_auth|basic_auth|oauth2|jwt_authn)(?:\/|$)/;

/**
 * Fingerprint of the authentication that a route asks for: 16 hex digits; undefined when it asks for none. Envoy applies
 * the filters of the first route match, when the model is not known; the processor then has the request routed again.
 * Equal fingerprints on both routes mean that the right filters ran. @see spec extension-server.md 21.8
 */
export function authDomainOf({ typedPerFilterConfig }: Pick<Route, 'typedPerFilterConfig'>): string | undefined {
  const own = Object.entries(typedPerFilterConfig)
    .filter(([name]) => AUTHENTICATION_FILTER.test(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (own.length === 0) return undefined;
  const hash = createHash('sha256');
  for (const [name, { typeUrl, value }] of own) hash.update(`${name}\0${typeUrl}\0${value.length}\0`).update(value);
  return hash.digest('hex').slice(0, 16);
}
