import { describe, expect, it } from '@jest/globals';
import { Redacted } from '../../../shared/secret.js';
import type { ExchangeRequest } from '../exchange.js';
import { digestOf, jitterOf, sealOf } from './fingerprint.js';

const request = (more: object = {}, oidc: object = {}): ExchangeRequest => ({
  kind: 'aws-web-identity',
  policy: 'p',
  region: 'r',
  roleArn: 'a',
  oidc: {
    issuer: 'https://issuer.test',
    tokenEndpoint: undefined,
    clientId: 'c',
    clientSecret: new Redacted('s3cret'),
    scopes: ['one', 'two'],
    audience: undefined,
    grantType: 'client_credentials',
    ...oidc,
  },
  ...more,
});

describe('digestOf', () => {
  it('is the same for the same inputs, in whatever order their members come', () => {
    const { kind, ...rest } = request();
    expect(digestOf({ ...rest, kind } as ExchangeRequest)).toBe(digestOf(request()));
  });

  it.each([
    ['the secret', request({}, { clientSecret: new Redacted('other') })],
    ['a scope', request({}, { scopes: ['one'] })],
    ['the region', request({ region: 'q' })],
    ['the audience', request({}, { audience: 'x' })],
  ])('differs when %s does', (_, other) => {
    expect(digestOf(other)).not.toBe(digestOf(request()));
  });
});

describe('sealOf', () => {
  it('needs the token besides the inputs, so that nobody can try out secrets', () => {
    const digest = digestOf(request());
    expect(sealOf({ k: 'YQ==' }, digest)).toBe(sealOf({ k: 'YQ==' }, digest));
    expect(sealOf({ k: 'Yg==' }, digest)).not.toBe(sealOf({ k: 'YQ==' }, digest));
    expect(sealOf({ k: 'YQ==' }, digest)).not.toContain(digest);
  });
});

describe('jitterOf', () => {
  it('is the same again for the same policy and token, and within its bounds', () => {
    expect(jitterOf('a', 1)).toBe(jitterOf('a', 1));
    const all = Array.from({ length: 500 }, (_, index) => jitterOf('policy', index));
    expect(Math.min(...all)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...all)).toBeLessThanOrEqual(1);
    expect(Math.abs(all.reduce((sum, one) => sum + one, 0) / all.length)).toBeLessThan(0.1);
  });
});
