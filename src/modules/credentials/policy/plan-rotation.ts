import type { Fault } from '../../../shared/api/fault.js';
import type { ExchangeRequest } from '../exchange.js';
import { sealOf } from './fingerprint.js';
import { ATTEMPT_GAP_MS, retryWaitMs, rotationTimeMs, type Jitter } from './rotation-times.js';

/** What a policy wants to be exchanged. */
export type Gathered =
  /** Nothing: its credential serves as it is. */
  | { readonly sort: 'nothing' }
  | { readonly sort: 'blocked'; readonly faults: readonly Fault[] }
  | { readonly sort: 'ready'; readonly request: ExchangeRequest; readonly digest: string };

/** The token of a policy, as its Secret has it or is about to have it; a Secret without it counts as none. */
export interface KeptToken {
  /** Base64. */
  readonly data: Readonly<Record<string, string>>;
  /** Undefined: nobody wrote it down in a form that can be read. */
  readonly expiresAt: Date | undefined;
  /** Undefined for a token that another release exchanged. */
  readonly issuedAt: Date | undefined;
  /** As {@link sealOf} gives it; undefined for a token that another release exchanged. */
  readonly seal: string | undefined;
  /** How far the clock of this process was set back since the token was issued: it ends so much earlier. */
  readonly clockShiftMs: number;
}

/** The last attempt of this process for a policy. */
export interface LastAttempt {
  /** Of the inputs that it was made with. */
  readonly digest: string;
  /** In a row; 0: it succeeded. */
  readonly failures: number;
  readonly retryAfterMs: number | undefined;
  readonly endedAt: Date;
  /** By a clock that nobody sets. */
  readonly endedAgoMs: number;
}

export interface RotationInput {
  readonly gathered: Gathered;
  readonly kept: KeptToken | undefined;
  readonly lastAttempt: LastAttempt | undefined;
}

export type DueReason =
  'secretMissing' | 'annotationUnreadable' | 'policyChangedSinceIssue' | 'issuedInFuture' | 'expiresWithinWindow';

export type RotationPlan =
  | { readonly sort: 'nothing' }
  | { readonly sort: 'blocked'; readonly faults: readonly Fault[] }
  /** `afterMs` is from now; it does not change when somebody sets the clock, as `nextAt` does. */
  | { readonly sort: 'not-due'; readonly nextAt: Date; readonly afterMs: number; readonly isRetry: boolean }
  | { readonly sort: 'due'; readonly reason: DueReason; readonly request: ExchangeRequest; readonly digest: string };

/** How far clocks of two controllers may be apart; a token that seems to come from later was issued by a wrong clock. */
const CLOCK_DIFFERENCE_MAX_MS = 5 * 60_000;

/** Whether to exchange now, and if not, when. @see spec controller.md sections 13 and 19 (rows 10 and 11b) */
export function planRotation(input: RotationInput, now: Date, jitter: Jitter): RotationPlan {
  const { gathered, kept, lastAttempt } = input;
  if (gathered.sort !== 'ready') return gathered;
  const reason = firstReason(CHECKS, { digest: gathered.digest, kept }, now, jitter);
  if (reason === undefined) {
    const nextAtMs = renewalMs(kept, jitter) ?? now.getTime();
    return { sort: 'not-due', nextAt: new Date(nextAtMs), afterMs: nextAtMs - now.getTime(), isRetry: false };
  }
  if (lastAttempt) {
    const waitMs = waitAfterAttempt(lastAttempt, gathered.digest, kept, jitter);
    const afterMs = waitMs - lastAttempt.endedAgoMs;
    if (afterMs > 0)
      return { sort: 'not-due', nextAt: new Date(lastAttempt.endedAt.getTime() + waitMs), afterMs, isRetry: true };
  }
  return { sort: 'due', reason, request: gathered.request, digest: gathered.digest };
}

/**
 * How long to wait after an attempt for the next one. Other inputs may do better at once; so may a token that somebody
 * deleted. Neither may hammer the provider.
 */
export function waitAfterAttempt(
  last: Omit<LastAttempt, 'endedAgoMs'>,
  digest: string,
  kept: KeptToken | undefined,
  jitter: Jitter,
): number {
  if (last.failures === 0 || last.digest !== digest) return ATTEMPT_GAP_MS;
  const remainingMs = (endMs(kept) ?? 0) - last.endedAt.getTime();
  return retryWaitMs({ failures: last.failures, retryAfterMs: last.retryAfterMs, remainingMs }, jitter);
}

/** When the token ends by the clock of now; undefined: nobody knows. */
export const endMs = (kept: KeptToken | undefined): number | undefined =>
  kept?.expiresAt && kept.expiresAt.getTime() - kept.clockShiftMs;

/** When the token is to be renewed, by the clock of now; undefined: nobody knows. */
export function renewalMs(kept: KeptToken | undefined, jitter: Jitter): number | undefined {
  const expiresAtMs = endMs(kept);
  if (kept === undefined || expiresAtMs === undefined) return undefined;
  return rotationTimeMs(kept.issuedAt && shifted(kept.issuedAt, kept), expiresAtMs, jitter);
}

/** Whether there is a token that should still be taken. One of unknown end is, until it is replaced. */
export function isServing(kept: KeptToken | undefined, now: Date): boolean {
  return kept !== undefined && (endMs(kept) ?? Infinity) > now.getTime();
}

/** Whether the policy, or a Secret that it names, has changed since the token was got. */
export const isOfOtherInputs = (kept: KeptToken | undefined, digest: string): boolean =>
  kept?.seal !== undefined && kept.seal !== sealOf(kept.data, digest);

interface CheckInput {
  readonly digest: string;
  readonly kept: KeptToken | undefined;
}

type Check = (input: CheckInput, now: Date, jitter: Jitter) => DueReason | undefined;

const CHECKS: readonly Check[] = [
  ({ kept }) => (kept === undefined ? 'secretMissing' : undefined),
  ({ kept }) => (kept?.expiresAt === undefined ? 'annotationUnreadable' : undefined),
  ({ kept, digest }) => (isOfOtherInputs(kept, digest) ? 'policyChangedSinceIssue' : undefined),
  ({ kept }, now) =>
    kept?.issuedAt !== undefined && shifted(kept.issuedAt, kept) > now.getTime() + CLOCK_DIFFERENCE_MAX_MS
      ? 'issuedInFuture'
      : undefined,
  ({ kept }, now, jitter) =>
    (renewalMs(kept, jitter) ?? -Infinity) <= now.getTime() ? 'expiresWithinWindow' : undefined,
];

function firstReason(checks: readonly Check[], input: CheckInput, now: Date, jitter: Jitter): DueReason | undefined {
  for (const check of checks) {
    const reason = check(input, now, jitter);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const shifted = (date: Date, kept: KeptToken): number => date.getTime() - kept.clockShiftMs;
