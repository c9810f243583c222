import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { jitterOf } from './fingerprint.js';
import { ATTEMPT_GAP_MS, retryWaitMs, rotationTimeMs, rotationWindowMs } from './rotation-times.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const jitters = fc.double({ min: -1, max: 1, noNaN: true });

describe('rotationWindowMs', () => {
  it.each([
    { lifetimeMs: 24 * HOUR, windowMs: 5 * MINUTE },
    { lifetimeMs: HOUR, windowMs: 5 * MINUTE },
    { lifetimeMs: 25 * MINUTE, windowMs: 5 * MINUTE },
    { lifetimeMs: 5 * MINUTE, windowMs: MINUTE },
    { lifetimeMs: 10_000, windowMs: 2_000 },
  ])('is $windowMs ms when the token lives $lifetimeMs ms', ({ lifetimeMs, windowMs }) => {
    expect(rotationWindowMs(lifetimeMs)).toBe(windowMs);
  });
});

describe('rotationTimeMs', () => {
  it.each([
    { jitter: 1, minutes: 55 },
    { jitter: 0, minutes: 50 },
    { jitter: -1, minutes: 45 },
  ])('is $minutes min into a token of an hour when jitter is $jitter', ({ jitter, minutes }) => {
    expect(rotationTimeMs(0, HOUR, jitter)).toBeCloseTo(minutes * MINUTE, -1);
  });

  it('is within the ten minutes before the last five when nobody knows when the token was issued', () => {
    fc.assert(
      fc.property(jitters, (jitter) => {
        const beforeMs = HOUR - rotationTimeMs(undefined, HOUR, jitter);
        expect(beforeMs).toBeGreaterThanOrEqual(5 * MINUTE);
        expect(beforeMs).toBeLessThanOrEqual(10 * MINUTE);
      }),
    );
  });

  it('never leaves less than the window, whatever the token and the jitter', () => {
    const lifetimes = fc.integer({ min: 1_000, max: 400 * 24 * HOUR });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), lifetimes, jitters, (issuedAtMs, lifetimeMs, jitter) => {
        const expiresAtMs = issuedAtMs + lifetimeMs;
        const atMs = rotationTimeMs(issuedAtMs, expiresAtMs, jitter);
        expect(expiresAtMs - atMs).toBeGreaterThanOrEqual(rotationWindowMs(lifetimeMs) - 1);
        expect(atMs - issuedAtMs).toBeGreaterThanOrEqual((lifetimeMs * 0.8 * 0.9) / 1.1 - 1);
      }),
    );
  });

  it('spreads 2,000 policies whose tokens end in the same minute evenly over ten minutes', () => {
    const perMinute = new Map<number, number>();
    for (let index = 0; index < 2_000; index++) {
      const jitter = jitterOf(`policy-${index}`, 'uid', 0);
      const minute = Math.floor(rotationTimeMs(0, HOUR, jitter) / MINUTE);
      perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
    }
    expect([...perMinute.keys()].sort((a, b) => a - b)).toEqual([45, 46, 47, 48, 49, 50, 51, 52, 53, 54]);
    for (const count of perMinute.values()) expect(count).toBeLessThan(260);
  });
});

describe('retryWaitMs', () => {
  it.each([
    { failures: 1, waitMs: 5_000 },
    { failures: 2, waitMs: 10_000 },
    { failures: 4, waitMs: 40_000 },
    { failures: 7, waitMs: 300_000 },
    { failures: 5_000, waitMs: 300_000 },
  ])('is $waitMs ms after $failures failures when no token is there', ({ failures, waitMs }) => {
    expect(retryWaitMs({ failures, retryAfterMs: undefined, remainingMs: 0 }, 0)).toBe(waitMs);
  });

  it.each([
    ['half of what is left of the token', { failures: 9, retryAfterMs: undefined, remainingMs: 2 * MINUTE }, MINUTE],
    [
      'the gap when hardly anything is left',
      { failures: 9, retryAfterMs: undefined, remainingMs: 3_000 },
      ATTEMPT_GAP_MS,
    ],
    ['what the provider asks for', { failures: 1, retryAfterMs: 90_000, remainingMs: 0 }, 90_000],
    [
      'a quarter of an hour when it asks for a day',
      { failures: 1, retryAfterMs: 24 * HOUR, remainingMs: 0 },
      15 * MINUTE,
    ],
    ['what it asks for while the token lasts', { failures: 1, retryAfterMs: 90_000, remainingMs: 10 * MINUTE }, 90_000],
    [
      'until half a minute before the end when it asks for more',
      { failures: 1, retryAfterMs: HOUR, remainingMs: 3 * MINUTE },
      150_000,
    ],
    ['the own back-off when that is longer', { failures: 5, retryAfterMs: 1_000, remainingMs: 0 }, 80_000],
  ])('is %s', (_, failed, waitMs) => {
    expect(retryWaitMs(failed, 0)).toBe(waitMs);
  });

  it('is never below the gap, and a retry comes before the token ends', () => {
    const retryAfter = fc.option(fc.integer({ min: 0, max: 48 * HOUR }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        retryAfter,
        fc.integer({ min: -HOUR, max: 24 * HOUR }),
        jitters,
        (failures, retryAfterMs, remainingMs, jitter) => {
          const waitMs = retryWaitMs({ failures, retryAfterMs, remainingMs }, jitter);
          expect(waitMs).toBeGreaterThanOrEqual(ATTEMPT_GAP_MS);
          expect(waitMs).toBeLessThanOrEqual(16.5 * MINUTE);
          expect(remainingMs < 2 * ATTEMPT_GAP_MS || waitMs < remainingMs).toBe(true);
        },
      ),
    );
  });
});
