import { isJsonObject, parseJsonLeniently, stringOf, type JsonObject } from '../../../codec/json-value.js';
import { isJsonType } from '../../../codec/media-type.js';
import type { ClientResponse, ResponseHead } from '../../translator.js';
import { anthropicErrorResponse, type ErrorTypeOf } from './anthropic-error.js';

/**
 * Type and message out of what servers of OpenAI's dialect write: `{"error":{type,message,code}}`, `{"error":"…"}`, or the
 * members without `error` around them. Undefined for what is not told.
 */
export function chatErrorOf(answer: JsonObject): { readonly type?: string; readonly message?: string } {
  const { error } = answer;
  if (typeof error === 'string') return { message: error };
  const told = isJsonObject(error) ? error : answer;
  const type = stringOf(told['type']);
  const message = stringOf(told['message']);
  // `"type":"error"` around the members is the envelope's, not the error's.
  return { ...(type && type !== 'error' ? { type } : {}), ...(message ? { message } : {}) };
}

/** A choice, of a good answer, that OpenRouter and its like tell to have failed. */
export const isFailed = (choice: JsonObject): boolean =>
  isJsonObject(choice['error']) || choice['finish_reason'] === 'error';

/**
 * An answer of chat completions outside of 2xx in Anthropic's dialect.
 * @param typeOf For an answer that tells no type @see spec translators.md 11.5, "Errors"
 */
export function chatErrorResponse(
  { status, headers }: ResponseHead,
  body: Uint8Array,
  typeOf: ErrorTypeOf,
): ClientResponse {
  const value = isJsonType(headers.get('content-type')) ? parseJsonLeniently(body) : undefined;
  const { type, message } = isJsonObject(value) ? chatErrorOf(value) : {};
  return anthropicErrorResponse(type ?? typeOf(status), message ?? Buffer.from(body).toString('utf8'));
}
