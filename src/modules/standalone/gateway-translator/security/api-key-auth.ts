import type { ApiKeyAuthPerRouteSchema } from '../../../../gen/proto/envoy/extensions/filters/http/api_key_auth/v3/api_key_auth_pb.js';
import type { ApiKeyAuthSettings, SecurityPolicy } from '../../../../shared/api/envoy-gateway.js';
import { displayName } from '../../../../shared/api/kube-object.js';
import { secretTexts } from '../../../../shared/api/secret-text.js';
import type { Init } from '../extension.js';
import { findSecret } from '../secret-data.js';
import type { Translation } from '../translate-options.js';

export const API_KEY_AUTH_FILTER = 'envoy.filters.http.api_key_auth';

export type ApiKeyAuthInit = Init<typeof ApiKeyAuthPerRouteSchema>;

/**
 * API keys and where they are looked for. Undefined, and reported, when a Secret cannot be read: then nobody may pass.
 * Each key belongs to one client; of two with the same key, and of two clients with the same name, the first counts.
 */
export function apiKeyAuth(
  translation: Translation,
  policy: SecurityPolicy,
  settings: ApiKeyAuthSettings,
): ApiKeyAuthInit | undefined {
  const keys = new Map<string, string>();
  const clients = new Set<string>();
  for (const [index, reference] of settings.credentialRefs.entries()) {
    const path = `spec.apiKeyAuth.credentialRefs[${index}]`;
    const secret = findSecret(translation, policy, path, reference);
    if (!secret) return undefined;
    for (const [client, value] of secretTexts(secret)) {
      const key = value.trim();
      if (clients.has(client)) continue;
      const problem = key === '' ? 'is empty' : keys.has(key) ? 'has the key of another client' : undefined;
      if (problem !== undefined) {
        const message = `client "${client}" of ${displayName(secret)} ${problem}: give each client its own key`;
        translation.faults.error(policy, path, 'Invalid', message);
        continue;
      }
      clients.add(client);
      keys.set(key, client);
    }
  }
  const keySources = settings.extractFrom.flatMap(({ headers = [], params = [], cookies = [] }) => [
    ...headers.map((header) => ({ header })),
    ...params.map((query) => ({ query })),
    ...cookies.map((cookie) => ({ cookie })),
  ]);
  if (keys.size === 0 || keySources.length === 0) {
    const [at, missing] =
      keys.size === 0 ? ['credentialRefs', 'no API key'] : ['extractFrom', 'no place to look for keys'];
    translation.faults.error(policy, `spec.apiKeyAuth.${at}`, 'Invalid', `there is ${missing}: add one`);
    return undefined;
  }
  const isForwarding = settings.forwardClientIDHeader !== undefined || settings.sanitize === true;
  return {
    credentials: [...keys].map(([key, client]) => ({ key, client })),
    keySources,
    ...(isForwarding
      ? { forwarding: { header: settings.forwardClientIDHeader ?? '', hideCredentials: settings.sanitize ?? false } }
      : {}),
  };
}
