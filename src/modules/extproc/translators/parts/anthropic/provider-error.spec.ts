import { describe, expect, it } from '@jest/globals';
import { responseHead } from '../../../../../../test/harness/cell.js';
import { claudeError, claudeStreamError } from './provider-error.js';

const JSON_TYPE = 'application/json';

describe('claudeError', () => {
  it.each([
    ['{"type":"error","error":{"type":"overloaded_error","message":"busy"}}', JSON_TYPE, 'overloaded_error', 'busy'],
    ['{"error":{"message":"busy"}}', JSON_TYPE, 'Fallback', 'busy'],
    ['{"error":{"type":"t"}}', JSON_TYPE, 't', ''],
    ['{"error":{"code":404,"message":"gone","status":"NOT_FOUND"}}', JSON_TYPE, 'NOT_FOUND', 'gone'],
    [
      '[{"error":{"code":404,"message":"gone","status":"NOT_FOUND"}}]',
      `${JSON_TYPE}; charset=UTF-8`,
      'NOT_FOUND',
      'gone',
    ],
    ['{"error":"busy"}', JSON_TYPE, 'Fallback', '{"error":"busy"}'],
    ['{"error":', JSON_TYPE, 'Fallback', '{"error":'],
    ['[]', JSON_TYPE, 'Fallback', '[]'],
    ['null', JSON_TYPE, 'Fallback', 'null'],
    ['busy "now"', 'text/plain', 'Fallback', 'busy "now"'],
    ['', 'text/plain', 'Fallback', ''],
  ])('reads %s of %s', (body, contentType, type, message) => {
    const head = responseHead(418, { 'content-type': contentType });
    expect(claudeError(head, Buffer.from(body), 'Fallback')).toEqual({ type, message, status: 418 });
  });
});

describe('claudeStreamError', () => {
  it.each([
    ['invalid_request_error', 400],
    ['authentication_error', 401],
    ['billing_error', 402],
    ['permission_error', 403],
    ['not_found_error', 404],
    ['request_too_large', 413],
    ['rate_limit_error', 429],
    ['api_error', 500],
    ['timeout_error', 504],
    ['overloaded_error', 529],
    ['constructor', 500],
  ])('G49: of type %s stands for status %i', (type, status) => {
    expect(claudeStreamError({ type, message: 'm' })).toEqual({ type, message: 'm', status });
  });
});
