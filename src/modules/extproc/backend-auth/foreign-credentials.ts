import type { HeaderLookup } from '../wire/header-fields.js';
import type { BackendAuth } from './backend-auth.js';

/**
 * Request headers by which clients show credentials to gateways and providers, lower case. The parts of a signature are
 * among them: what a client signed for the gateway must not mix with a signature of ours.
 */
export const CREDENTIAL_HEADERS: readonly string[] = [
  'authorization',
  'proxy-authorization',
  'api-key',
  'x-api-key',
  'x-goog-api-key',
  'x-goog-iam-authorization-token',
  'ocp-apim-subscription-key',
  'x-amz-security-token',
  'x-amz-date',
  'x-amz-content-sha256',
];

export const SUBPROTOCOLS = 'sec-websocket-protocol';
/** By which browsers show OpenAI's credential to it, for want of headers. */
const KEY_SUBPROTOCOL = 'openai-insecure-api-key.';

/**
 * The WebSocket subprotocols for a backend that authenticates itself: without the client's own credential. Undefined when the
 * client's header can stay; empty when nothing of it can.
 */
export function ownSubprotocols(auth: BackendAuth | undefined, headers: HeaderLookup): string | undefined {
  const offered = auth && headers.get(SUBPROTOCOLS)?.split(',');
  const kept = offered?.map((name) => name.trim()).filter((name) => !name.toLowerCase().startsWith(KEY_SUBPROTOCOL));
  return kept?.length === offered?.length ? undefined : kept?.join(', ');
}

/**
 * Names of headers to remove from a request to a backend that authenticates itself: the client's own credentials, which
 * are meant for the gateway and must not reach the provider (X21). Empty for a backend without auth, which may depend on
 * them. The headers that the backend's own credential always sets are not named: they are overwritten.
 */
export function foreignCredentials(auth: BackendAuth | undefined, headers: HeaderLookup): readonly string[] {
  if (!auth) return [];
  return CREDENTIAL_HEADERS.filter((name) => headers.has(name) && !auth.credentialHeaders.includes(name));
}
