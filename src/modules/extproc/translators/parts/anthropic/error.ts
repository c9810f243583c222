import { isJsonType } from '../../../codec/media-type.js';
import type { ClientResponse, ResponseHead } from '../../translator.js';

/**
 * Types by status for bodies that are not JSON; the reference's table. For 500 and 503 its words are not the documented ones
 * that our own errors have (phases/error-dialect.ts): clients of the reference match on these. @see spec translators.md 11.1
 */
const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'internal_server_error',
  503: 'service_unavailable_error',
  529: 'overloaded_error',
};

/** JSON goes through; anything else becomes an Anthropic error. */
export function anthropicError({ status, headers }: ResponseHead, body: Uint8Array): ClientResponse {
  if (isJsonType(headers.get('content-type'))) return {};
  const message = Buffer.from(body).toString('utf8');
  const type = TYPES[status] ?? 'internal_server_error';
  return {
    body: Buffer.from(JSON.stringify({ type: 'error', error: { type, message }, request_id: '' })),
    sets: [{ name: 'content-type', value: 'application/json' }],
  };
}
