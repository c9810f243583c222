/*
 * When to exchange: arithmetic on instants and durations in milliseconds, so no time zone and no daylight saving comes in.
 *
 *     issued                       earliest    latest         expires
 *       |-------- token serves --------|~jitter~|--- window ---|
 *                                                  retries
 */

/** Of a token that lives long; of a short one {@link WINDOW_SHARE}. @see spec controller.md section 19 (row 10) */
const WINDOW_MAX_MS = 5 * 60_000;
const WINDOW_SHARE = 1 / 5;
/** Part of a wait by which jitter moves it in either direction. */
const JITTER_SHARE = 0.1;
/** No provider is asked for the same policy twice within this time, whatever changes. */
export const ATTEMPT_GAP_MS = 5_000;
const RETRY_MAX_MS = 5 * 60_000;
/** A provider that asks for more is asked again nevertheless: it may have been a mistake. */
const RETRY_AFTER_MAX_MS = 15 * 60_000;
/** However long the provider wants to be left alone, one more attempt is made this long before the token ends. */
const LAST_CALL_MS = 30_000;

/** From −1 to 1. */
export type Jitter = number;

export const rotationWindowMs = (lifetimeMs: number): number => Math.min(WINDOW_MAX_MS, lifetimeMs * WINDOW_SHARE);

/**
 * When a token is to be renewed: the wait until the window begins, shortened so that jitter of ±10 % ends with the beginning
 * of the window at the latest. A token of which nobody knows when it was issued, as those of the reference, gets the longest
 * window, and jitter over as much time before it.
 */
export function rotationTimeMs(issuedAtMs: number | undefined, expiresAtMs: number, jitter: Jitter): number {
  const lifetimeMs = issuedAtMs === undefined ? 0 : expiresAtMs - issuedAtMs;
  if (issuedAtMs === undefined || lifetimeMs <= 0)
    return Math.floor(expiresAtMs - WINDOW_MAX_MS - (WINDOW_MAX_MS * (1 - jitter)) / 2);
  const waitMs = lifetimeMs - rotationWindowMs(lifetimeMs);
  return Math.floor(issuedAtMs + (waitMs * (1 + JITTER_SHARE * jitter)) / (1 + JITTER_SHARE));
}

export interface FailedAttempts {
  /** In a row, at least 1. */
  readonly failures: number;
  /** What the provider asked for. */
  readonly retryAfterMs: number | undefined;
  /** How long the token that is there served when the last one failed; 0 or less: there is none. */
  readonly remainingMs: number;
}

/**
 * How long to wait after a failure: 5 s, doubled each time up to 5 min, and never more than half of what is left of the
 * token, so that attempts come closer the nearer its end is. `Retry-After` is honoured, unless the token would end before.
 */
export function retryWaitMs({ failures, retryAfterMs = 0, remainingMs }: FailedAttempts, jitter: Jitter): number {
  const growing = Math.min(RETRY_MAX_MS, ATTEMPT_GAP_MS * 2 ** Math.min(failures - 1, 30));
  const askedFor = Math.min(retryAfterMs, RETRY_AFTER_MAX_MS);
  const jittered = growing * (1 + JITTER_SHARE * jitter);
  if (remainingMs <= 0) return Math.max(ATTEMPT_GAP_MS, askedFor, jittered);
  return Math.max(ATTEMPT_GAP_MS, Math.min(jittered, remainingMs / 2), Math.min(askedFor, remainingMs - LAST_CALL_MS));
}
