import type { ClientResponse, ResponseHead } from '../../translator.js';
import { anthropicErrorResponse, anthropicErrorType } from '../messages/anthropic-error.js';
import { googleErrorOf, retryAfterSets, type GoogleError } from './error.js';

/** Anthropic's types by Google's statuses. @see spec translators.md 18.2.7 */
const TYPES: Readonly<Record<string, string>> = {
  INVALID_ARGUMENT: 'invalid_request_error',
  FAILED_PRECONDITION: 'invalid_request_error',
  OUT_OF_RANGE: 'invalid_request_error',
  UNAUTHENTICATED: 'authentication_error',
  PERMISSION_DENIED: 'permission_error',
  NOT_FOUND: 'not_found_error',
  RESOURCE_EXHAUSTED: 'rate_limit_error',
  CANCELLED: 'api_error',
  INTERNAL: 'api_error',
  UNKNOWN: 'api_error',
  UNAVAILABLE: 'overloaded_error',
  DEADLINE_EXCEEDED: 'timeout_error',
};

/** By the HTTP status where Google's word is not known. */
export const messageErrorType = (error: GoogleError, status: number): string =>
  TYPES[error.status] ?? anthropicErrorType(status);

/** The error of a failed attempt for a client of Anthropic; what is not in Google's form goes on as text. Never throws. */
export function geminiMessageError(head: ResponseHead, body: Uint8Array): ClientResponse {
  const error = googleErrorOf(body);
  if (error === undefined) {
    return anthropicErrorResponse(anthropicErrorType(head.status), Buffer.from(body).toString('utf8'));
  }
  return anthropicErrorResponse(messageErrorType(error, head.status), error.message, retryAfterSets(error, head));
}
