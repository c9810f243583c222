import {
  isJsonArray,
  isJsonObject,
  objectOf,
  parseJsonLeniently,
  stringOf,
  type JsonObject,
} from '../../../codec/json-value.js';
import { isJsonType } from '../../../codec/media-type.js';
import type { ResponseHead } from '../../translator.js';
import type { ProviderError } from '../chat/chat-result.js';

/**
 * An answer outside of 2xx in Anthropic's own shape, or in Google's, which Vertex uses for what it finds itself.
 * @param fallbackType Of a body that is neither
 * @see spec translators.md 5.7 and 18.1.6
 */
export function claudeError({ status, headers }: ResponseHead, body: Uint8Array, fallbackType: string): ProviderError {
  const error = isJsonType(headers.get('content-type')) ? errorOf(body) : undefined;
  const type = stringOf(error?.['type']) ?? stringOf(error?.['status']);
  const message = stringOf(error?.['message']);
  if (type === undefined && message === undefined) {
    return { type: fallbackType, message: Buffer.from(body).toString('utf8'), status };
  }
  return { type: type ?? fallbackType, message: message ?? '', status };
}

/** Vertex may answer a streamed request with a list of one error. */
function errorOf(body: Uint8Array): JsonObject | undefined {
  const value = parseJsonLeniently(body);
  const error = objectOf(isJsonArray(value) ? value[0] : value)['error'];
  return isJsonObject(error) ? error : undefined;
}

/** @see spec translators.md 18.1.6 */
const STATUS_OF_TYPE: ReadonlyMap<string, number> = new Map(
  Object.entries({
    invalid_request_error: 400,
    authentication_error: 401,
    billing_error: 402,
    permission_error: 403,
    not_found_error: 404,
    request_too_large: 413,
    rate_limit_error: 429,
    api_error: 500,
    timeout_error: 504,
    overloaded_error: 529,
  }),
);

/** The `error` of an event in a stream, which has no status of its own. */
export function claudeStreamError(error: JsonObject): ProviderError {
  const type = stringOf(error['type']) ?? 'api_error';
  return { type, message: stringOf(error['message']) ?? '', status: STATUS_OF_TYPE.get(type) ?? 500 };
}
