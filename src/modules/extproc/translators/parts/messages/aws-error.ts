import { isJsonObject, parseJsonLeniently } from '../../../codec/json-value.js';
import { isJsonType } from '../../../codec/media-type.js';
import type { ClientResponse, ResponseHead } from '../../translator.js';
import { awsError } from '../aws/aws-error.js';
import { anthropicErrorResponse, anthropicErrorType, passedError, type ErrorTypeOf } from './anthropic-error.js';

/** Anthropic's type for an error of AWS by its HTTP status. @see spec translators.md 18.4.3 */
export function awsErrorType(status: number): string {
  switch (status) {
    case 408:
      return 'timeout_error';
    case 424:
      return 'api_error';
    default:
      return anthropicErrorType(status);
  }
}

/** Clients that hear `not_found_error` count by themselves, as with servers that have no such endpoint (translators.md G23). */
const cannotCount = (message: string) =>
  /support/i.test(message) && /count(?:ing)? tokens|token counting/i.test(message);

/**
 * An answer of Bedrock outside of 2xx in Anthropic's dialect (translators.md G23): AWS writes `{"message"}` and puts the
 * type into a header. What is in the dialect already goes through.
 * @param typeOf For what is no JSON
 */
export function awsAnthropicError(head: ResponseHead, body: Uint8Array, typeOf: ErrorTypeOf): ClientResponse {
  if (!isJsonType(head.headers.get('content-type'))) return passedError(head, body, typeOf);
  const value = parseJsonLeniently(body);
  if (isJsonObject(value) && value['type'] === 'error' && isJsonObject(value['error'])) return {};
  const { message } = awsError(head, body);
  return anthropicErrorResponse(cannotCount(message) ? 'not_found_error' : awsErrorType(head.status), message);
}
