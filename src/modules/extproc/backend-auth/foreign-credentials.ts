import type { HeaderLookup } from '../wire/header-fields.js';
import type { BackendAuth } from './backend-auth.js';

/** Request headers by which clients show credentials to gateways and providers, lower case. */
export const CREDENTIAL_HEADERS: readonly string[] = [
  'authorization',
  'proxy-authorization',
  'api-key',
  'x-api-key',
  'x-goog-api-key',
  'ocp-apim-subscription-key',
  'x-amz-security-token',
];

/**
 * Names of headers to remove from a request to a backend that authenticates itself: the client's own credentials, which
 * are meant for the gateway and must not reach the provider (X21). Empty for a backend without auth, which may depend on
 * them. The backend's own header is not named: it is overwritten.
 */
export function foreignCredentials(auth: BackendAuth | undefined, headers: HeaderLookup): readonly string[] {
  if (!auth) return [];
  return CREDENTIAL_HEADERS.filter((name) => headers.has(name) && !auth.credentialHeaders.includes(name));
}
