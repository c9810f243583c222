import { describe, expect, it } from '@jest/globals';
import { isSensitiveHeader, redactHeaders } from './sensitive-headers.js';

describe('isSensitiveHeader', () => {
  it.each([
    'authorization',
    'Authorization',
    'x-api-key',
    'API-Key',
    'proxy-authorization',
    'cookie',
    'Set-Cookie',
    'x-amz-security-token',
    'x-goog-api-key',
    'Ocp-Apim-Subscription-Key',
    'x-aigw-openai-key',
    'X-AIGW-anything',
    'x-team-access-key-id',
    'x-team-secret-access-key',
    'x-team-Session-Token',
  ])('is true for %s', (name) => {
    expect(isSensitiveHeader(name)).toBe(true);
  });

  it.each(['', 'content-type', ':path', 'x-ai-eg-model', 'x-aigw', 'agent-session-id', 'x-api-keys', 'session-tokens'])(
    'is false for %j',
    (name) => {
      expect(isSensitiveHeader(name)).toBe(false);
    },
  );
});

describe('redactHeaders', () => {
  it('hides credentials and joins what is repeated', () => {
    const headers: [string, string][] = [
      [':path', '/v1'],
      ['authorization', 'Bearer sk'],
      ['accept', 'a'],
      ['accept', 'b'],
      ['set-cookie', 'x'],
      ['set-cookie', 'y'],
    ];
    expect(redactHeaders(headers)).toEqual({
      ':path': '/v1',
      authorization: '[REDACTED]',
      accept: 'a, b',
      'set-cookie': '[REDACTED]',
    });
  });
});
