/** gRPC status codes that we send. @see https://grpc.io/docs/guides/status-codes/ */
export const grpcStatus = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;
export type GrpcStatusCode = (typeof grpcStatus)[keyof typeof grpcStatus];

/** Ends a call with a status. The text reaches Envoy's access log: no secret, no body. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';

  constructor(
    readonly code: GrpcStatusCode,
    message: string,
  ) {
    super(message);
  }
}

/** `grpc-message` is percent-encoded; @see gRPC over HTTP/2, "Status-Message". Of the text 1,024 characters, so that it fits a header. */
export function encodeGrpcMessage(text: string): string {
  return encodeURI(text.slice(0, 1024).toWellFormed());
}

/**
 * Milliseconds of a `grpc-timeout` header (at most 8 digits and a unit), or undefined when it is absent or malformed. Bounded
 * by what a timer can wait (24 days): a longer one would fire at once.
 */
export function parseGrpcTimeout(value: string | undefined): number | undefined {
  const match = value === undefined ? null : /^(\d{1,8})([HMSmun])$/.exec(value);
  if (!match) return undefined;
  const timeoutMs = Number(match[1]) * MILLISECONDS_PER_UNIT[match[2] as keyof typeof MILLISECONDS_PER_UNIT];
  return Math.min(timeoutMs, TIMER_MS_MAX);
}

const TIMER_MS_MAX = 2 ** 31 - 1;
const MILLISECONDS_PER_UNIT = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 } as const;
