import type { HeaderSet } from '../../../header-set.js';
import {
  arrayOf,
  isJsonArray,
  isJsonObject,
  numberOf,
  objectOf,
  parseJsonLeniently,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';
import type { ResponseHead } from '../../translator.js';
import type { ProviderError } from '../chat/chat-result.js';

/** Type of an error that is not in Google's form. @see spec translators.md section 15 */
const UNKNOWN_TYPE = 'GCPVertexAIBackendError';

/** An error of Google's APIs, a `google.rpc.Status` in JSON. @see spec translators.md 18.2.7 */
export interface GoogleError {
  /** HTTP status; undefined when it tells none. */
  readonly code: number | undefined;
  /** e.g. `INVALID_ARGUMENT`; '' when it tells none. */
  readonly status: string;
  readonly message: string;
  readonly details: JsonValue | undefined;
}

/** Reads `{"error":{…}}`; undefined for anything else, also for an error that is no object. */
export function googleErrorIn(object: JsonObject): GoogleError | undefined {
  const error = object['error'];
  if (!isJsonObject(error)) return undefined;
  const code = numberOf(error['code']);
  return {
    code: code !== undefined && Number.isInteger(code) && code >= 400 && code <= 599 ? code : undefined,
    status: stringOf(error['status']) ?? '',
    message: stringOf(error['message']) ?? '',
    details: error['details'] ?? undefined,
  };
}

/** The same in a body, which may be an array of it. */
export function googleErrorOf(body: Uint8Array): GoogleError | undefined {
  const value = parseJsonLeniently(body);
  return googleErrorIn(objectOf(isJsonArray(value) ? value[0] : value));
}

/** Status of an error in the middle of a stream. */
export const statusOf = ({ code, status }: GoogleError): number => code ?? STATUSES[status] ?? 500;

const STATUSES: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** As clients of OpenAI's dialect get it. @see spec translators.md 5.8, "Errors" */
export const providerErrorOf = (error: GoogleError, status: number): ProviderError => ({
  type: error.status || UNKNOWN_TYPE,
  message:
    error.details === undefined ? error.message : `Error: ${error.message}\nDetails: ${JSON.stringify(error.details)}`,
  status,
});

/** The error of a failed attempt; what is not in Google's form goes on as text. Never throws. */
export function geminiError(
  head: ResponseHead,
  body: Uint8Array,
): ProviderError & { readonly sets: readonly HeaderSet[] } {
  const error = googleErrorOf(body);
  if (error) return { ...providerErrorOf(error, head.status), sets: retryAfterSets(error, head) };
  return { type: UNKNOWN_TYPE, message: Buffer.from(body).toString('utf8'), status: head.status, sets: [] };
}

const RETRY_INFO = /(?:^|[/.])google\.rpc\.RetryInfo$/;
/** A duration of protobuf in JSON, at most some years. */
const DURATION = /^(\d{1,8}(?:\.\d{1,9})?)s$/;

/** A delay that Google tells in the body, in whole seconds, unless the provider sent the header itself. */
export function retryAfterSets({ details }: GoogleError, head: ResponseHead): readonly HeaderSet[] {
  if (head.headers.has('retry-after')) return [];
  for (const detail of arrayOf(details)) {
    const { '@type': type, retryDelay } = objectOf(detail);
    const delay = RETRY_INFO.test(stringOf(type) ?? '') ? DURATION.exec(stringOf(retryDelay) ?? '') : null;
    if (delay) return [{ name: 'retry-after', value: String(Math.ceil(Number(delay[1]))) }];
  }
  return [];
}
