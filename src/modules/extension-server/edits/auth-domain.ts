import { toBinary } from '@bufbuild/protobuf';
import { createHash } from 'node:crypto';
import type { Any } from '@bufbuild/protobuf/wkt';
import type { Route } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import {
  JwtAuthenticationSchema,
  JwtProviderSchema,
  JwtRequirementSchema,
  PerRouteConfigSchema,
  type JwtAuthentication,
  type JwtRequirement,
} from '../../../gen/proto/envoy/extensions/filters/http/jwt_authn/v3/config_pb.js';
import type { HttpConnectionManager } from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { unpack } from './packed.js';

/** Names may end in `/<policy>`. */
const AUTHENTICATION_FILTER = /^envoy\.filters\.http\.(?:ext_authz|api_key_auth|basic_auth|oauth2|jwt_authn)(?:\/|$)/;
/** Of one policy: its filter has the policy's name. */
const FILTER_OF_POLICY = /^envoy\.filters\.http\.ext_authz\/./;

/** What the listener has its `jwt_authn` filter ask for under a name; undefined when it has no such name. */
export type JwtRequirements = (name: string) => string | undefined;

/**
 * Fingerprint of the authentication that a route asks for: 16 hex digits; undefined when it asks for none. Envoy applies
 * the filters of the first route match, when the model is not known; the processor then has the request routed again.
 * Equal fingerprints on both routes mean that the right filters ran. @see spec extension-server.md 21.8
 */
export function authDomainOf(
  { typedPerFilterConfig }: Pick<Route, 'typedPerFilterConfig'>,
  jwtRequirements: JwtRequirements = () => undefined,
): string | undefined {
  const own = Object.entries(typedPerFilterConfig)
    .filter(([name]) => AUTHENTICATION_FILTER.test(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (own.length === 0) return undefined;
  const hash = createHash('sha256');
  for (const [name, config] of own) {
    const value = essenceOf(name, config, jwtRequirements);
    hash.update(`${name}\0${config.typeUrl}\0${value.length}\0`).update(value);
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * What is equal on all routes of one policy. Envoy Gateway gives each route a requirement of its own in `jwt_authn`, and the
 * context of `ext_authz` is a map, whose order is another one each time.
 */
function essenceOf(name: string, config: Any, jwtRequirements: JwtRequirements): string | Uint8Array {
  // The number of the first field: disabled, or settings.
  if (FILTER_OF_POLICY.test(name)) return config.value.subarray(0, 1);
  const specifier = unpack(config, PerRouteConfigSchema)?.requirementSpecifier;
  return (specifier?.case === 'requirementName' ? jwtRequirements(specifier.value) : undefined) ?? config.value;
}

/** The requirements of the `jwt_authn` filters of some managers, by what they say instead of by their names. */
export function jwtRequirementsOf(managers: Iterable<HttpConnectionManager>): JwtRequirements {
  const byName = new Map<string, string>();
  for (const { httpFilters } of managers) {
    for (const { typedConfig } of httpFilters) {
      const config = unpack(typedConfig, JwtAuthenticationSchema);
      if (config === undefined) continue;
      for (const [name, requirement] of Object.entries(config.requirementMap)) {
        const text = requirementText(requirement, config);
        // Two managers that ask for other things under one name are told apart from either of them.
        byName.set(name, byName.has(name) && byName.get(name) !== text ? `${byName.get(name)}\0${text}` : text);
      }
    }
  }
  return (name) => byName.get(name);
}

function requirementText(requirement: JwtRequirement, config: JwtAuthentication): string {
  const { requiresType } = requirement;
  if (requiresType.case === 'requiresAny')
    return `any(${requiresType.value.requirements.map((each) => requirementText(each, config)).join()})`;
  const provider = requiresType.case === 'providerName' ? config.providers[requiresType.value] : undefined;
  const [kind, bytes] = provider
    ? // As `withoutEarlyRerouting` leaves it.
      ['provider', toBinary(JwtProviderSchema, { ...provider, clearRouteCache: false })]
    : ['requirement', toBinary(JwtRequirementSchema, requirement)];
  return `${kind}:${createHash('sha256').update(bytes).digest('hex')}`;
}
