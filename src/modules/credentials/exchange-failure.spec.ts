import { describe, expect, it } from '@jest/globals';
import { Redacted } from '../../shared/secret.js';
import { toFailure, unusableToken } from './exchange-failure.js';
import { ExchangeError, type ExchangeRequest } from './exchange.js';

const NOW = new Date('2026-01-01T00:00:00Z');
const request: ExchangeRequest = {
  kind: 'azure-client-secret',
  tenantId: 't',
  clientId: 'c',
  clientSecret: new Redacted('PLANTED-secret'),
};

describe('toFailure', () => {
  it('takes over what an ExchangeError says', () => {
    const error = new ExchangeError('refused', 'azure-token', 'invalid_client', 'Check it', 2_000);
    expect(toFailure(error, request)).toEqual({
      step: 'azure-token',
      code: 'invalid_client',
      message: 'refused',
      hint: 'Check it',
      retryAfterMs: 2_000,
    });
  });

  it('bounds texts, and takes secrets out that a provider quotes', () => {
    const error = new ExchangeError(
      `PLANTED-secret ${'x'.repeat(5_000)}`,
      'azure-token',
      'y'.repeat(500),
      'PLANTED-secret',
    );
    const failure = toFailure(error, request);
    expect(failure.message).toHaveLength(1_000);
    expect(failure.code).toHaveLength(100);
    expect(failure.hint).toBe('[REDACTED]');
    expect(JSON.stringify(failure)).not.toContain('PLANTED');
  });

  it('tells nothing but the sort of another error', () => {
    const failure = toFailure(new TypeError('body was PLANTED-secret'), request);
    expect(failure).toMatchObject({ code: 'internal', message: 'the exchange ended with an unexpected TypeError' });
    expect(toFailure('PLANTED-secret', request).message).not.toContain('PLANTED');
  });
});

describe('unusableToken', () => {
  const token = (values: Readonly<Record<string, string>>, expiresAt = new Date(NOW.getTime() + 1)) => ({
    data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, new Redacted(value)])),
    expiresAt,
  });

  it('is undefined when the token can be kept', () => {
    expect(unusableToken(token({ a: 'x' }), NOW)).toBeUndefined();
  });

  it.each([
    ['has no values', token({}), 'empty_token'],
    ['has an empty value', token({ a: 'x', b: '' }), 'empty_token'],
    ['is larger than a Secret should be', token({ a: 'x'.repeat(256 * 1024 + 1) }), 'token_too_large'],
    ['ends now', token({ a: 'x' }, NOW), 'token_expired'],
    ['ended', token({ a: 'x' }, new Date(0)), 'token_expired'],
    ['has no valid end', token({ a: 'x' }, new Date(NaN)), 'token_expired'],
  ])('tells why a token cannot be kept that %s', (_, kept, code) => {
    expect(unusableToken(kept, NOW)?.code).toBe(code);
  });
});
