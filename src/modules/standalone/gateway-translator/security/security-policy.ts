import type { Any } from '@bufbuild/protobuf/wkt';
import { FilterConfigSchema } from '../../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import { ApiKeyAuthPerRouteSchema } from '../../../../gen/proto/envoy/extensions/filters/http/api_key_auth/v3/api_key_auth_pb.js';
import { CorsPolicySchema } from '../../../../gen/proto/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import { PerRouteConfigSchema } from '../../../../gen/proto/envoy/extensions/filters/http/jwt_authn/v3/config_pb.js';
import type { SecurityPolicy } from '../../../../shared/api/envoy-gateway.js';
import { keyOf, type ObjectKey } from '../../../../shared/api/kube-object.js';
import { pack, type Init } from '../extension.js';
import type { Translation } from '../translate-options.js';
import { API_KEY_AUTH_FILTER, apiKeyAuth, type ApiKeyAuthInit } from './api-key-auth.js';
import { CORS_FILTER, corsPolicy } from './cors.js';
import { JWT_AUTHN_FILTER, jwtRequirement, type JwtRequirement } from './jwt.js';

/** A SecurityPolicy whose references are resolved. */
export interface ResolvedSecurity {
  readonly key: ObjectKey;
  readonly apiKeys?: ApiKeyAuthInit;
  readonly jwt?: JwtRequirement;
  readonly cors?: Init<typeof CorsPolicySchema>;
}

/** `faulty`: the routes under the policy answer 500, since nobody can be told apart. */
export type Security = ResolvedSecurity | 'faulty' | 'none';

/** Resolves policies, each one once. */
export function securityResolver(translation: Translation): (policy: SecurityPolicy | undefined) => Security {
  const resolved = new Map<ObjectKey, Security>();
  return (policy) => {
    if (!policy) return 'none';
    const key = keyOf(policy);
    const known = resolved.get(key);
    if (known !== undefined) return known;
    const security = resolveSecurity(translation, policy);
    resolved.set(key, security);
    return security;
  };
}

function resolveSecurity(translation: Translation, policy: SecurityPolicy): Security {
  const { apiKeyAuth: keySettings, jwt: jwtSettings, cors: corsSettings } = policy.spec;
  const apiKeys = keySettings && apiKeyAuth(translation, policy, keySettings);
  const jwt = jwtSettings && jwtRequirement(translation, policy, jwtSettings);
  if ((keySettings && !apiKeys) || (jwtSettings && !jwt)) return 'faulty';
  return {
    key: keyOf(policy),
    ...(apiKeys ? { apiKeys } : {}),
    ...(jwt ? { jwt } : {}),
    ...(corsSettings ? { cors: corsPolicy(translation, policy, corsSettings) } : {}),
  };
}

/**
 * What switches the filters on for a route. API keys of the policy that the listener itself has stand in the filter
 * once; other policies bring theirs with each route.
 */
export function perRouteSecurity(security: ResolvedSecurity, ofListener: Security): Readonly<Record<string, Any>> {
  const isOfListener = typeof ofListener === 'object' && ofListener.key === security.key;
  return {
    ...(security.cors ? { [CORS_FILTER]: pack(CorsPolicySchema, security.cors) } : {}),
    ...(security.apiKeys
      ? {
          [API_KEY_AUTH_FILTER]: isOfListener
            ? pack(FilterConfigSchema, { config: {} })
            : pack(ApiKeyAuthPerRouteSchema, security.apiKeys),
        }
      : {}),
    ...(security.jwt
      ? {
          [JWT_AUTHN_FILTER]: pack(PerRouteConfigSchema, {
            requirementSpecifier: { case: 'requirementName', value: security.jwt.name },
          }),
        }
      : {}),
  };
}
