import { describe, expect, it } from '@jest/globals';
import type { TracedFailure } from '../span-convention.js';
import { recordFailure } from './failure.js';
import { redactionFrom } from './redaction.js';

const record = (failure: TracedFailure, env: Readonly<Record<string, string>> = {}) =>
  recordFailure(failure, redactionFrom(env));

const recorded = (type: string, message: string) => ({
  attributes: {},
  events: [{ name: 'exception', attributes: { 'exception.type': type, 'exception.message': message } }],
  description: message,
});

describe('recordFailure', () => {
  it.each([
    { status: 400, type: 'BadRequestError' },
    { status: 401, type: 'AuthenticationError' },
    { status: 403, type: 'PermissionDeniedError' },
    { status: 404, type: 'NotFoundError' },
    { status: 429, type: 'RateLimitError' },
    { status: 500, type: 'InternalServerError' },
    { status: 502, type: 'InternalServerError' },
    { status: 503, type: 'InternalServerError' },
    { status: 422, type: 'Error' },
    { status: 504, type: 'Error' },
  ])('tells $type when the status is $status', ({ status, type }) => {
    expect(record({ status, body: '{"error":1}' })).toEqual(recorded(type, `Error code: ${status} - {"error":1}`));
  });

  it('tells the code alone when there is no body', () => {
    expect(record({ status: 429, body: '' })).toEqual(recorded('RateLimitError', 'Error code: 429'));
  });

  it.each(['OPENINFERENCE_HIDE_OUTPUTS', 'AI_GATEWAY_TRACING_HIDE_CONTENT'])(
    'hides the body when %s is set',
    (name) => {
      expect(record({ status: 400, body: 'secret' }, { [name]: '1' })).toEqual(
        recorded('BadRequestError', 'Error code: 400'),
      );
    },
  );

  it.each([
    {
      reason: 'cancelled' as const,
      body: '',
      type: 'ClientDisconnected',
      message: 'The connection was closed before the end of the answer',
    },
    { reason: 'error-event' as const, body: '{"e":1}', type: 'Error', message: 'Error in the stream - {"e":1}' },
    { reason: 'internal' as const, body: '', type: 'InternalServerError', message: 'Internal error of the gateway' },
  ])('tells what happened when there is no status but $reason', ({ reason, body, type, message }) => {
    expect(record({ status: undefined, body, reason })).toEqual(recorded(type, message));
  });
});
