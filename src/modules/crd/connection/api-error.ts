/**
 * What the API server answered instead of success, or what an ERROR event of a watch said: `metav1.Status`.
 * A request that got no answer at all rejects with {@link NoAnswerError} instead.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status. */
  readonly status: number;
  /** CamelCase, such as `AlreadyExists`; empty when the answer was no Status. */
  readonly reason: string;
  /** `details.causes[].reason`. */
  readonly causes: readonly string[];
  /** When the server wants to be asked again. */
  readonly retryAfterMs: number | undefined;

  constructor(fields: {
    readonly status: number;
    readonly reason: string;
    readonly message: string;
    readonly causes?: readonly string[];
    readonly retryAfterMs?: number | undefined;
  }) {
    super(fields.message);
    this.status = fields.status;
    this.reason = fields.reason;
    this.causes = fields.causes ?? [];
    this.retryAfterMs = fields.retryAfterMs;
  }
}

/** The API server could not be reached, did not answer in time, or broke off. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/**
 * Refusals of what was asked, which the same request would meet again: invalid objects, unknown kinds, too large bodies,
 * missing rights. Conflicts, throttling and everything of the server's own are not.
 */
export const isRefusal = (error: unknown): error is ApiError =>
  error instanceof ApiError &&
  error.status >= 400 &&
  error.status < 500 &&
  ![401, 408, 409, 410, 429].includes(error.status);

/** The version that was asked for is gone: list again. */
export const isExpired = (error: unknown): boolean =>
  error instanceof ApiError &&
  (error.status === 410 ||
    error.reason === 'Expired' ||
    error.reason === 'Gone' ||
    // The data of the server is older than what it told before, such as after a restore of etcd.
    error.causes.includes('ResourceVersionTooLarge'));

/** Error of an answer; `body` may be a Status, or any text of a proxy in between, which is not repeated. */
export function apiErrorOf(status: number, body: string, retryAfter: string | undefined, request: string): ApiError {
  const parsed = parseStatus(body);
  const seconds = Number(retryAfter);
  return new ApiError({
    status,
    reason: parsed?.reason ?? '',
    message: `${request}: ${status} ${parsed?.message ?? 'without a reason'}`,
    causes: parsed?.causes ?? [],
    ...(retryAfter !== undefined && Number.isFinite(seconds) && { retryAfterMs: seconds * 1_000 }),
  });
}

/** Error of the object of an ERROR event. */
export function apiErrorOfEvent(object: unknown, request: string): ApiError {
  const status = statusFields(object);
  return new ApiError({
    status: status?.code ?? 500,
    reason: status?.reason ?? '',
    message: `${request}: ${status?.message ?? 'the watch failed without a reason'}`,
    causes: status?.causes ?? [],
  });
}

function parseStatus(body: string) {
  try {
    return statusFields(JSON.parse(body));
  } catch {
    return undefined;
  }
}

const MESSAGE_LENGTH_MAX = 2_000;

function statusFields(value: unknown) {
  if (typeof value !== 'object' || value === null || !('kind' in value) || value.kind !== 'Status') return undefined;
  const status = value as {
    readonly code?: number;
    readonly reason?: string;
    readonly message?: string;
    readonly details?: { readonly causes?: readonly { readonly reason?: string }[] };
  };
  return {
    code: status.code,
    reason: status.reason ?? '',
    message: (status.message ?? '').slice(0, MESSAGE_LENGTH_MAX),
    causes: (status.details?.causes ?? []).map(({ reason }) => reason ?? ''),
  };
}
