import { isJsonObject, parseJsonLeniently, stringOf } from '../../../codec/json-value.js';
import { isJsonType } from '../../../codec/media-type.js';
import type { ResponseHead } from '../../translator.js';
import type { ProviderError } from '../chat/chat-result.js';

/** Type of errors that AWS's own servers did not write. */
const UNKNOWN_ERROR = 'AWSBedrockBackendError';

/** The error of an answer outside of 2xx: its type stands in a header, its body is `{"message"}`. @see spec translators.md 5.3 */
export function awsError({ status, headers }: ResponseHead, body: Uint8Array): ProviderError {
  const message = isJsonType(headers.get('content-type')) ? messageOf(body) : undefined;
  if (message === undefined) return { type: UNKNOWN_ERROR, message: textOf(body), status };
  return { type: headers.get('x-amzn-errortype') || UNKNOWN_ERROR, message, status };
}

/** What an event stream tells of its failure: a message of type `exception`, or of type `error` from the framing itself. */
export interface AwsStreamFailure {
  readonly messageType: string;
  readonly exceptionType: string;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly payload: Uint8Array;
}

/** @see spec translators.md 2.6 and 18.4.3 */
export function awsStreamError(failure: AwsStreamFailure): ProviderError {
  const type = failure.exceptionType || failure.errorCode || UNKNOWN_ERROR;
  const message = failure.errorMessage || messageOf(failure.payload) || textOf(failure.payload) || type;
  return { type, message, status: awsExceptionStatus(type) };
}

const EXCEPTION_STATUS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    validationexception: 400,
    accessdeniedexception: 403,
    resourcenotfoundexception: 404,
    modeltimeoutexception: 408,
    modelerrorexception: 424,
    modelstreamerrorexception: 424,
    throttlingexception: 429,
    modelnotreadyexception: 429,
    internalserverexception: 500,
    serviceunavailableexception: 503,
  }),
);

/** HTTP status that an exception stands for, whatever its case; 500 for unknown ones. @see spec translators.md 18.4.3 */
export function awsExceptionStatus(exceptionType: string): number {
  return EXCEPTION_STATUS.get(exceptionType.toLowerCase()) ?? 500;
}

/** Some services write `Message`. */
function messageOf(body: Uint8Array): string | undefined {
  const value = parseJsonLeniently(body);
  if (!isJsonObject(value)) return undefined;
  return stringOf(value['message']) ?? stringOf(value['Message']);
}

const textOf = (body: Uint8Array) => Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
