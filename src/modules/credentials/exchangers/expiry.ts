import { ExchangeError } from '../exchange.js';
import { type Answer, type Call, whom } from './bounded-call.js';
import { malformed } from './provider-answer.js';

/** Longer lives are cut: a credential that is renewed too early costs nothing. */
const LIFETIME_MAX_MS = 24 * 3_600_000;

/** The end of a token that lives for this many seconds from now. Accepts numbers and decimal strings (IMDS). */
export function expiresIn(seconds: unknown, call: Call, now: Date): Date {
  if (seconds === undefined || seconds === null || seconds === '') throw missingExpiry(call);
  const value = typeof seconds === 'string' && /^-?\d+$/.test(seconds) ? Number(seconds) : seconds;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(call, 'its lifetime is no number');
  return endOf(value * 1000, call, now);
}

/**
 * The end of a token that the provider gave as a point in time. Counted from the provider's own clock where it tells it, so
 * that a clock of ours that is minutes off neither renews late nor sees expired tokens: everything that later looks at the
 * result uses our clock too.
 */
export function expiresAt(time: unknown, answer: Answer, call: Call, now: Date): Date {
  if (time === undefined || time === null || time === '') throw missingExpiry(call);
  const ms = typeof time === 'string' ? (/^\d+$/.test(time) ? Number(time) * 1000 : Date.parse(time)) : Number.NaN;
  if (Number.isNaN(ms)) throw malformed(call, 'its expiry is no time');
  return endOf(ms - (answer.serverTime ?? now).getTime(), call, now);
}

function endOf(lifetimeMs: number, call: Call, now: Date): Date {
  if (lifetimeMs <= 0) {
    const hint = 'Check the clocks of this machine and of the provider.';
    throw new ExchangeError(
      `cannot use the token of ${whom(call)}: it has expired`,
      call.step,
      'already_expired',
      hint,
    );
  }
  return new Date(now.getTime() + Math.min(lifetimeMs, LIFETIME_MAX_MS));
}

const missingExpiry = (call: Call) =>
  new ExchangeError(
    `cannot use the token of ${whom(call)}: it does not say when it expires`,
    call.step,
    'missing_expiry',
    'Let the provider issue tokens with an expiry: without one they cannot be renewed in time.',
  );
