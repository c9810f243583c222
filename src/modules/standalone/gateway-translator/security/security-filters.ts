import { ApiKeyAuthSchema } from '../../../../gen/proto/envoy/extensions/filters/http/api_key_auth/v3/api_key_auth_pb.js';
import { CorsSchema } from '../../../../gen/proto/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import { JwtAuthenticationSchema } from '../../../../gen/proto/envoy/extensions/filters/http/jwt_authn/v3/config_pb.js';
import type { HttpFilterSchema } from '../../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { extension, type Init } from '../extension.js';
import { API_KEY_AUTH_FILTER } from './api-key-auth.js';
import { CORS_FILTER } from './cors.js';
import { JWT_AUTHN_FILTER } from './jwt.js';
import type { ResolvedSecurity, Security } from './security-policy.js';

/**
 * The filters that the policies of a listener's routes need, in Envoy Gateway's order. None of them does anything on a
 * route that does not ask for it. @see spec extension-server.md section 12
 */
export function securityFilters(
  used: readonly ResolvedSecurity[],
  ofListener: Security,
): Init<typeof HttpFilterSchema>[] {
  const filters: Init<typeof HttpFilterSchema>[] = [];
  if (used.some(({ cors }) => cors)) filters.push(extension(CORS_FILTER, CorsSchema, {}));
  if (used.some(({ apiKeys }) => apiKeys)) {
    const shared = typeof ofListener === 'object' ? ofListener.apiKeys : undefined;
    filters.push({ ...extension(API_KEY_AUTH_FILTER, ApiKeyAuthSchema, { ...shared }), disabled: true });
  }
  const requirements = used.flatMap(({ jwt }) => jwt ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (requirements.length > 0) {
    filters.push(
      extension(JWT_AUTHN_FILTER, JwtAuthenticationSchema, {
        providers: Object.fromEntries(requirements.flatMap(({ providers }) => [...providers])),
        requirementMap: Object.fromEntries(requirements.map(({ name, requirement }) => [name, requirement])),
      }),
    );
  }
  return filters;
}
