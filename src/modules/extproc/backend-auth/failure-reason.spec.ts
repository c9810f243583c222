import { describe, expect, it } from '@jest/globals';
import { failureReason } from './failure-reason.js';

const named = (name: string, more: object = {}) => Object.assign(new Error('S3CRET in the message'), { name }, more);

describe('failureReason', () => {
  it.each<[string, unknown, string]>([
    ['the kind of the error', named('CredentialsProviderError'), 'CredentialsProviderError'],
    [
      'kind and status of an AWS error',
      named('AccessDenied', { $metadata: { httpStatusCode: 403 } }),
      'AccessDenied, HTTP 403',
    ],
    [
      'the code of an OAuth error',
      named('GaxiosError', {
        response: { status: 400, data: { error: 'invalid_grant', error_description: 'S3CRET' } },
      }),
      'GaxiosError, invalid_grant, HTTP 400',
    ],
    [
      'system codes of causes',
      named('FetchError', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) }),
      'FetchError, ECONNREFUSED',
    ],
    [
      'the first of several causes',
      new AggregateError([named('AbortError'), named('Other')], 'S3CRET'),
      'AggregateError, AbortError',
    ],
    ['a syntax error without the quoted text', capture(() => JSON.parse('S3CRET-token')), 'SyntaxError'],
    ['each word once', named('TimeoutError', { code: 'TimeoutError' }), 'TimeoutError'],
    ['nothing of names that may be keys', named('AKIA0123456789', { code: 'wJalr/+K7' }), 'it could not be fetched'],
    ['nothing of a plain error', new Error('S3CRET'), 'it could not be fetched'],
    ['nothing of a text', 'S3CRET', 'it could not be fetched'],
    ['nothing of nothing', undefined, 'it could not be fetched'],
  ])('tells %s', (_, error, expected) => {
    expect(failureReason(error)).toBe(expected);
  });

  it('ends when errors are causes of each other', () => {
    const error = named('Loop');
    error.cause = error;
    expect(failureReason(error)).toBe('Loop');
  });
});

function capture(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
