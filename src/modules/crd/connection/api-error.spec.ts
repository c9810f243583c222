import { describe, expect, it } from '@jest/globals';
import { ApiError, apiErrorOf, apiErrorOfEvent, isExpired, isRefusal, NoAnswerError } from './api-error.js';

const error = (status: number, reason = '', causes: string[] = []) =>
  new ApiError({ status, reason, message: 'm', causes });

describe('apiErrorOf', () => {
  it('reads the Status of an answer', () => {
    const body = JSON.stringify({
      kind: 'Status',
      reason: 'Conflict',
      message: 'somebody was faster',
      details: { causes: [{ reason: 'FieldManagerConflict' }] },
    });
    expect(apiErrorOf(409, body, '3', 'PATCH /x')).toMatchObject({
      status: 409,
      reason: 'Conflict',
      message: 'PATCH /x: 409 somebody was faster',
      causes: ['FieldManagerConflict'],
      retryAfterMs: 3_000,
    });
  });

  it.each(['<html>secret</html>', '', '"text"', 'null', '{"kind":"Other","message":"x"}'])(
    'does not repeat an answer that is no Status: %s',
    (body) => {
      expect(apiErrorOf(502, body, undefined, 'GET /x')).toMatchObject({
        message: 'GET /x: 502 without a reason',
        retryAfterMs: undefined,
      });
    },
  );
});

describe('isExpired', () => {
  it.each([
    [error(410), true],
    [error(500, 'Expired'), true],
    [error(504, 'Timeout', ['ResourceVersionTooLarge']), true],
    [error(504, 'Timeout'), false],
    [new NoAnswerError('x'), false],
    [apiErrorOfEvent({ kind: 'Status', code: 410, reason: 'Expired' }, 'GET /x'), true],
    [apiErrorOfEvent(undefined, 'GET /x'), false],
  ])('%# tells whether a list is needed', (cause, expected) => {
    expect(isExpired(cause)).toBe(expected);
  });
});

describe('isRefusal', () => {
  it.each([400, 403, 404, 405, 413, 415, 422])('is true of %d', (status) => {
    expect(isRefusal(error(status))).toBe(true);
  });

  it.each([401, 408, 409, 410, 429, 500, 503])('is false of %d, which may go better the next time', (status) => {
    expect(isRefusal(error(status))).toBe(false);
  });
});
