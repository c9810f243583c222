import { describe, expect, it } from '@jest/globals';
import { responseHead } from '../../../../../../test/harness/cell.js';
import { referenceErrorType } from './anthropic-error.js';
import { awsAnthropicError } from './aws-error.js';

function errorOf(status: number, contentType: string, text: string): unknown {
  const { body } = awsAnthropicError(
    responseHead(status, contentType ? { 'content-type': contentType } : {}),
    Buffer.from(text),
    referenceErrorType,
  );
  return body && (JSON.parse(Buffer.from(body).toString()) as { error: unknown }).error;
}

describe('awsAnthropicError', () => {
  it.each([
    [400, 'invalid_request_error'],
    [403, 'permission_error'],
    [404, 'not_found_error'],
    [408, 'timeout_error'],
    [424, 'api_error'],
    [429, 'rate_limit_error'],
    [500, 'api_error'],
    [503, 'overloaded_error'],
  ])("G23: gives an AWS error with status %i Anthropic's type", (status, type) => {
    expect(errorOf(status, 'application/json', '{"message":"m"}')).toEqual({ type, message: 'm' });
  });

  it.each([
    "The provided model doesn't support counting tokens.",
    'Token counting is not supported for this model',
    'This model does not support counting tokens',
  ])('G23: calls it not found when the model cannot count: %s', (message) => {
    expect(errorOf(400, 'application/json', JSON.stringify({ message }))).toEqual({ type: 'not_found_error', message });
  });

  it.each(['too many input tokens', 'unsupported image'])(
    'does not call it not found when Bedrock says: %s',
    (message) => {
      expect(errorOf(400, 'application/json', JSON.stringify({ message }))).toEqual({
        type: 'invalid_request_error',
        message,
      });
    },
  );

  it("leaves an error of Anthropic's shape alone", () => {
    expect(errorOf(400, 'application/json', '{"type":"error","error":{"type":"t","message":"m"}}')).toBeUndefined();
  });

  it.each([
    ['text/plain', 'down', 'down'],
    ['', '{"message":"m"}', '{"message":"m"}'],
  ])("gives what is no JSON (%p) the reference's type", (contentType, text, message) => {
    expect(errorOf(503, contentType, text)).toEqual({ type: 'service_unavailable_error', message });
  });

  it('shows the text of JSON that tells no message', () => {
    expect(errorOf(500, 'application/json', '[1]')).toEqual({ type: 'api_error', message: '[1]' });
  });
});
