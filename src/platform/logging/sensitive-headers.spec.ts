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
    'Sec-WebSocket-Protocol',
    'x-amz-security-token',
    'x-goog-api-key',
    'Ocp-Apim-Subscription-Key',
    'x-aigw-openai-key',
    'X-AIGW-anything',
    'x-team-access-key-id',
    'x-team-secret-access-key',
    'x-team-Session-Token',
    'X-Team-Api-Key',
    'x-team-auth',
    'x-vault-token',
    'x-client-secret',
    'x-functions-key',
    'x-db-password',
  ])('is true for %s', (name) => {
    expect(isSensitiveHeader(name)).toBe(true);
  });

  it.each([
    '',
    'content-type',
    ':path',
    'x-ai-eg-model',
    'x-aigw',
    'agent-session-id',
    'x-api-keys',
    'session-tokens',
    'author',
    'token-count',
  ])('is false for %j', (name) => {
    expect(isSensitiveHeader(name)).toBe(false);
  });
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

  it.each([
    ['/v1?key=sk', '/v1?key=[REDACTED]'],
    ['/v1?beta=true&key=s=k', '/v1?beta=[REDACTED]&key=[REDACTED]'],
    ['/v1?key=', '/v1?key=[REDACTED]'],
    ['/v1?sk-1&&a=b?c=d', '/v1?[REDACTED]&&a=[REDACTED]'],
    ['/v1?', '/v1?'],
    ['/v1/a=b&c=d', '/v1/a=b&c=d'],
  ])('cuts the query values of the path %s', (path, shown) => {
    const names = [':path', 'x-ai-eg-original-path', 'X-Envoy-Original-Path'];
    expect(redactHeaders(names.map((name) => [name, path]))).toEqual(
      Object.fromEntries(names.map((name) => [name, shown])),
    );
  });

  it('hides what the caller names', () => {
    const headers: [string, string][] = [
      ['x-team', 'sk'],
      ['accept', 'a'],
    ];
    expect(redactHeaders(headers, (name) => name === 'x-team')).toEqual({ 'x-team': '[REDACTED]', accept: 'a' });
  });
});
