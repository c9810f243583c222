import { describe, expect, it } from '@jest/globals';
import { failureOf } from '../../../../test/harness/token-servers/token-world.js';
import type { Answer, Call } from './bounded-call.js';
import { expiresAt, expiresIn } from './expiry.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const call: Call = { step: 'azure-token', provider: 'Entra', method: 'POST', url: new URL('https://entra.example/') };
const answer = (serverTime: string | undefined): Answer => ({
  status: 200,
  contentType: '',
  location: undefined,
  text: '',
  serverTime: serverTime === undefined ? undefined : new Date(serverTime),
  retryAfterMs: undefined,
});
const rejected = (run: () => unknown) => failureOf(new Promise((resolve) => resolve(run()))).then(({ code }) => code);

describe('expiresIn', () => {
  it.each([
    [3600, '2026-11-21T11:00:00.000Z'],
    ['3599', '2026-11-21T10:59:59.000Z'],
    [86_400 * 365, '2026-11-22T10:00:00.000Z'],
  ])('counts %j seconds from our clock, a day at most', (seconds, end) => {
    expect(expiresIn(seconds, call, NOW).toISOString()).toBe(end);
  });

  it.each([
    [undefined, 'missing_expiry'],
    [null, 'missing_expiry'],
    ['', 'missing_expiry'],
    [0, 'already_expired'],
    [-600, 'already_expired'],
    ['-1', 'already_expired'],
    ['soon', 'malformed_answer'],
    [{}, 'malformed_answer'],
    [true, 'malformed_answer'],
  ])('refuses %j as %s', async (seconds, code) => {
    expect(await rejected(() => expiresIn(seconds, call, NOW))).toBe(code);
  });
});

describe('expiresAt', () => {
  it.each([
    ['2026-11-21T11:00:00Z', undefined, '2026-11-21T11:00:00.000Z'],
    ['1795258800', undefined, '2026-11-21T11:00:00.000Z'],
    // Its clock is ten minutes ahead, then ten behind: the token lives for an hour in both.
    ['2026-11-21T11:10:00Z', '2026-11-21T10:10:00Z', '2026-11-21T11:00:00.000Z'],
    ['2026-11-21T10:50:00Z', '2026-11-21T09:50:00Z', '2026-11-21T11:00:00.000Z'],
    ['2036-11-21T11:00:00Z', undefined, '2026-11-22T10:00:00.000Z'],
  ])('gives the end of a token that ends at %s when the provider says it is %s', (time, serverTime, end) => {
    expect(expiresAt(time, answer(serverTime), call, NOW).toISOString()).toBe(end);
  });

  it.each([
    [undefined, undefined, 'missing_expiry'],
    ['', undefined, 'missing_expiry'],
    ['2026-11-21T10:00:00Z', undefined, 'already_expired'],
    ['2026-11-21T10:05:00Z', '2026-11-21T10:10:00Z', 'already_expired'],
    ['tomorrow', undefined, 'malformed_answer'],
    [1795259, undefined, 'malformed_answer'],
  ])('refuses %j when the provider says it is %s', async (time, serverTime, code) => {
    expect(await rejected(() => expiresAt(time, answer(serverTime), call, NOW))).toBe(code);
  });
});
