import { describe, expect, it } from '@jest/globals';
import { responseHead } from '../../../../../../test/harness/cell.js';
import { geminiError } from './error.js';
import { geminiMessageError } from './message-error.js';

const bodyOf = (error: object) => Buffer.from(JSON.stringify({ error }));
const retryInfo = (retryDelay: unknown) =>
  bodyOf({
    status: 'RESOURCE_EXHAUSTED',
    message: 'm',
    details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }],
  });

describe('geminiError', () => {
  it.each([
    ['12s', '12'],
    ['0.2s', '1'],
    ['36.000000001s', '37'],
  ])('tells the delay %s as retry-after', (delay, value) => {
    expect(geminiError(responseHead(429), retryInfo(delay)).sets).toEqual([{ name: 'retry-after', value }]);
  });

  it.each([['12'], ['-1s'], ['1e9s'], ['999999999999s'], [12], [null]])(
    'leaves out the delay %p, which is none',
    (delay) => {
      expect(geminiError(responseHead(429), retryInfo(delay)).sets).toEqual([]);
    },
  );

  it("keeps the provider's own retry-after", () => {
    expect(geminiError(responseHead(429, { 'retry-after': '3' }), retryInfo('12s')).sets).toEqual([]);
  });

  it.each(['[]', 'null', '{}', '{"error":"text"}', '{"error":', ''])(
    'hands on as text what is no error of Google: %s',
    (text) => {
      expect(geminiError(responseHead(500), Buffer.from(text))).toEqual({
        type: 'GCPVertexAIBackendError',
        message: text,
        status: 500,
        sets: [],
      });
    },
  );
});

describe('geminiMessageError', () => {
  it.each([
    ['INVALID_ARGUMENT', 400, 'invalid_request_error'],
    ['FAILED_PRECONDITION', 400, 'invalid_request_error'],
    ['OUT_OF_RANGE', 400, 'invalid_request_error'],
    ['UNAUTHENTICATED', 401, 'authentication_error'],
    ['PERMISSION_DENIED', 403, 'permission_error'],
    ['NOT_FOUND', 404, 'not_found_error'],
    ['RESOURCE_EXHAUSTED', 429, 'rate_limit_error'],
    ['CANCELLED', 499, 'api_error'],
    ['INTERNAL', 500, 'api_error'],
    ['UNKNOWN', 500, 'api_error'],
    ['UNAVAILABLE', 503, 'overloaded_error'],
    ['DEADLINE_EXCEEDED', 504, 'timeout_error'],
    ['SOMETHING_NEW', 413, 'request_too_large'],
  ])('reads %s with %i as %s', (status, code, type) => {
    const { body } = geminiMessageError(responseHead(code), bodyOf({ code, status, message: 'm' }));
    expect(JSON.parse(Buffer.from(body!).toString())).toMatchObject({ type: 'error', error: { type, message: 'm' } });
  });
});
