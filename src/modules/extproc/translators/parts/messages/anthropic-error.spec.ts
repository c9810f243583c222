import { describe, expect, it } from '@jest/globals';
import { anthropicErrorResponse, anthropicErrorType, referenceErrorType } from './anthropic-error.js';

describe('anthropicErrorType', () => {
  it.each([
    [400, 'invalid_request_error'],
    [401, 'authentication_error'],
    [402, 'billing_error'],
    [403, 'permission_error'],
    [404, 'not_found_error'],
    [413, 'request_too_large'],
    [418, 'invalid_request_error'],
    [422, 'invalid_request_error'],
    [429, 'rate_limit_error'],
    [500, 'api_error'],
    [502, 'api_error'],
    [503, 'overloaded_error'],
    [504, 'timeout_error'],
    [529, 'overloaded_error'],
    [300, 'api_error'],
  ])('gives status %i its documented type', (status, type) => {
    expect(anthropicErrorType(status)).toBe(type);
  });
});

describe('referenceErrorType', () => {
  it.each([
    [400, 'invalid_request_error'],
    [401, 'authentication_error'],
    [403, 'permission_error'],
    [404, 'not_found_error'],
    [413, 'request_too_large'],
    [429, 'rate_limit_error'],
    [500, 'internal_server_error'],
    [502, 'internal_server_error'],
    [503, 'service_unavailable_error'],
    [529, 'overloaded_error'],
  ])("G49: gives status %i the reference's type", (status, type) => {
    expect(referenceErrorType(status)).toBe(type);
  });
});

describe('anthropicErrorResponse', () => {
  it('writes JSON whatever the message is', () => {
    const { body, sets } = anthropicErrorResponse('t', 'a "b"\n', [{ name: 'retry-after', value: '1' }]);
    expect(Buffer.from(body!).toString()).toBe(
      '{"type":"error","error":{"type":"t","message":"a \\"b\\"\\n"},"request_id":""}',
    );
    expect(sets).toEqual([
      { name: 'content-type', value: 'application/json' },
      { name: 'retry-after', value: '1' },
    ]);
  });
});
