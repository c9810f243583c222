import type { TranslationOptions } from '../../../../../shared/translation-options.js';
import type { HeaderSet } from '../../../header-set.js';
import { isJsonType } from '../../../codec/media-type.js';
import { isJsonObjectText } from '../../../codec/usage.js';
import type { ClientResponse, ResponseHead } from '../../translator.js';

/** Anthropic's documented types by status. @see spec translators.md 18.1.6 */
const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/**
 * The reference's words for 500 and 503, which are not Anthropic's: clients of it match on these in the cells that it has
 * (translators.md G49). @see spec translators.md 11.1
 */
const REFERENCE_TYPES: Readonly<Record<number, string>> = {
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

/** For cells that the reference lacks. */
export const anthropicErrorType = (status: number): string =>
  TYPES[status] ?? (status >= 400 && status < 500 ? 'invalid_request_error' : 'api_error');

/** For cells that the reference has: messages → Anthropic, GCPAnthropic, AWSAnthropic, AWSBedrock and OpenAI, and counts. */
export const referenceErrorType = (status: number): string => REFERENCE_TYPES[status] ?? 'internal_server_error';

export type ErrorTypeOf = (status: number) => string;

/** How cells that the reference has name an error by its status: as the reference does, or by option as Anthropic does. */
export const errorTypesBy = ({ usesDocumentedErrorTypes }: TranslationOptions): ErrorTypeOf =>
  usesDocumentedErrorTypes ? anthropicErrorType : referenceErrorType;

/** The answer to a failed attempt in Anthropic's dialect; the status stays as it is. `sets` go besides `content-type`. */
export function anthropicErrorResponse(type: string, message: string, sets: readonly HeaderSet[] = []): ClientResponse {
  return {
    body: Buffer.from(JSON.stringify({ type: 'error', error: { type, message }, request_id: '' })),
    sets: [{ name: 'content-type', value: 'application/json' }, ...sets],
  };
}

/**
 * The answer of a provider that speaks the dialect: JSON, in its label and in fact, goes through; anything else becomes an
 * error. @see spec translators.md 11.1
 */
export function passedError({ status, headers }: ResponseHead, body: Uint8Array, typeOf: ErrorTypeOf): ClientResponse {
  if (isJsonType(headers.get('content-type')) && isJsonObjectText(body)) return {};
  return anthropicErrorResponse(typeOf(status), Buffer.from(body).toString('utf8'));
}
