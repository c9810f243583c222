import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Redacted } from '../../../shared/secret.js';
import type { ExchangeRequest } from '../exchange.js';
import { digestOf, sealOf } from './fingerprint.js';
import { isServing, planRotation, type Gathered, type KeptToken, type LastAttempt } from './plan-rotation.js';
import { ATTEMPT_GAP_MS } from './rotation-times.js';

const NOW = new Date('2026-03-29T01:30:00Z');
const MINUTE = 60_000;
const request: ExchangeRequest = {
  kind: 'azure-client-secret',
  tenantId: 't',
  clientId: 'c',
  clientSecret: new Redacted('first-secret'),
};
const digest = digestOf(request);
const READY: Gathered = { sort: 'ready', request, digest };

const at = (minutes: number) => new Date(NOW.getTime() + minutes * MINUTE);

function token(issuedMinutes: number, endMinutes: number, more: Partial<KeptToken> = {}): KeptToken {
  const data = { azureAccessToken: 'dG9rZW4=' };
  return {
    data,
    issuedAt: at(issuedMinutes),
    expiresAt: at(endMinutes),
    seal: sealOf(data, digest),
    clockShiftMs: 0,
    ...more,
  };
}

const attempt = (more: Partial<LastAttempt>): LastAttempt => ({
  digest,
  failures: 1,
  retryAfterMs: undefined,
  endedAt: NOW,
  endedAgoMs: 0,
  ...more,
});

const plan = (kept: KeptToken | undefined, lastAttempt?: LastAttempt, gathered: Gathered = READY, now = NOW) =>
  planRotation({ gathered, kept, lastAttempt }, now, 0);

describe('planRotation', () => {
  it('wants nothing when nothing is to be exchanged', () => {
    expect(plan(token(-10, 50), undefined, { sort: 'nothing' })).toEqual({ sort: 'nothing' });
  });

  it('tells what is missing when an exchange cannot be made, whatever the token', () => {
    const blocked: Gathered = { sort: 'blocked', faults: [] };
    expect(plan(undefined, undefined, blocked)).toEqual(blocked);
    expect(plan(token(-10, 50), undefined, blocked)).toEqual(blocked);
  });

  it('waits for the time of the renewal when the token is good', () => {
    const expected = { sort: 'not-due', nextAt: at(40), afterMs: 40 * MINUTE, isRetry: false };
    expect(plan(token(-10, 50))).toEqual(expected);
  });

  it.each<[string, KeptToken | undefined, string]>([
    ['there is none', undefined, 'secretMissing'],
    ['nobody can read when it ends', token(-10, 50, { expiresAt: undefined }), 'annotationUnreadable'],
    ['it was issued for other inputs', token(-10, 50, { seal: sealOf({}, digest) }), 'policyChangedSinceIssue'],
    ['somebody edited it', token(-10, 50, { data: { azureAccessToken: 'b3RoZXI=' } }), 'policyChangedSinceIssue'],
    ['it comes from the future', token(6, 66), 'issuedInFuture'],
    ['its time has come', token(-51, 9), 'expiresWithinWindow'],
    ['it has ended', token(-70, -10), 'expiresWithinWindow'],
    [
      'it was got by another release and ends soon',
      token(0, 7, { issuedAt: undefined, seal: undefined }),
      'expiresWithinWindow',
    ],
    ['the clock was set back since', token(-10, 50, { clockShiftMs: 41 * MINUTE }), 'expiresWithinWindow'],
  ])('renews the token when %s', (_, kept, reason) => {
    expect(plan(kept)).toEqual({ sort: 'due', reason, request, digest });
  });

  it.each([
    ['of another release', token(0, 30, { issuedAt: undefined, seal: undefined })],
    ['from a clock that is four minutes ahead', token(4, 64)],
    ['that lives for five minutes only', token(0, 5)],
  ])('does not renew a token %s when it is good', (_, kept) => {
    expect(plan(kept).sort).toBe('not-due');
  });

  it('renews after a change of the client secret', () => {
    const changed = { ...request, clientSecret: new Redacted('second-secret') };
    const gathered: Gathered = { sort: 'ready', request: changed, digest: digestOf(changed) };
    expect(plan(token(-10, 50), undefined, gathered)).toMatchObject({ reason: 'policyChangedSinceIssue' });
  });

  it.each<[string, KeptToken | undefined, LastAttempt, number]>([
    ['the last attempt failed', undefined, attempt({}), ATTEMPT_GAP_MS],
    ['many failed', undefined, attempt({ failures: 5 }), 80_000],
    ['the provider asked for it', undefined, attempt({ retryAfterMs: 42_000 }), 42_000],
    ['the last one succeeded and its token was deleted', undefined, attempt({ failures: 0 }), ATTEMPT_GAP_MS],
    ['the last one failed with other inputs', undefined, attempt({ digest: 'other', failures: 9 }), ATTEMPT_GAP_MS],
    ['the token ends in two minutes', token(-58, 2), attempt({ failures: 9 }), MINUTE],
  ])('waits with the next attempt when %s', (_, kept, lastAttempt, waitMs) => {
    const nextAt = new Date(NOW.getTime() + waitMs);
    expect(plan(kept, lastAttempt)).toEqual({ sort: 'not-due', nextAt, afterMs: waitMs, isRetry: true });
    expect(plan(kept, { ...lastAttempt, endedAgoMs: waitMs }).sort).toBe('due');
  });

  it('makes the next attempt in time when the clock was set back meanwhile', () => {
    const lastAttempt = attempt({ endedAt: at(600), endedAgoMs: ATTEMPT_GAP_MS });
    expect(plan(undefined, lastAttempt).sort).toBe('due');
  });

  it('lets no token end without an attempt before it, whatever its life and the jitter', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 30, max: 90 * 24 * 3_600 }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (lifetimeSeconds, jitter) => {
          const kept = token(0, lifetimeSeconds / 60);
          const first = planRotation({ gathered: READY, kept, lastAttempt: undefined }, NOW, jitter);
          const nextAt = first.sort === 'not-due' ? first.nextAt : NOW;
          const marginMs = kept.expiresAt!.getTime() - nextAt.getTime();
          expect(marginMs).toBeGreaterThanOrEqual(Math.min(5 * MINUTE, lifetimeSeconds * 200) - 1);
          const then = new Date(Math.ceil(nextAt.getTime()));
          expect(planRotation({ gathered: READY, kept, lastAttempt: undefined }, then, jitter).sort).toBe('due');
        },
      ),
    );
  });
});

describe('isServing', () => {
  it.each<[string, KeptToken | undefined, boolean]>([
    ['no', undefined, false],
    ['a good', token(-10, 50), true],
    ['an ended', token(-70, 0), false],
    ['a token of unknown end as a', token(-10, 50, { expiresAt: undefined }), true],
  ])('tells %s token', (_, kept, expected) => {
    expect(isServing(kept, NOW)).toBe(expected);
  });
});
