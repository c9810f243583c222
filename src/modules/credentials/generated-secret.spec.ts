import { describe, expect, it } from '@jest/globals';
import { parseRfc3339, policyOfSecret, rfc3339 } from './generated-secret.js';

describe('parseRfc3339', () => {
  it.each([
    ['2026-05-06T07:08:09Z', '2026-05-06T07:08:09.000Z'],
    ['2026-05-06T07:08:09.5Z', '2026-05-06T07:08:09.500Z'],
    ['2026-05-06T07:08:09+02:00', '2026-05-06T05:08:09.000Z'],
  ])('reads %s', (text, expected) => {
    expect(parseRfc3339(text)?.toISOString()).toBe(expected);
  });

  it.each([[undefined], [''], ['soon'], ['2026'], ['1767225600'], ['2026-13-01T00:00:00Z'], ['2026-05-06 07:08:09']])(
    'gives nothing for %s',
    (text) => {
      expect(parseRfc3339(text)).toBeUndefined();
    },
  );
});

describe('rfc3339', () => {
  it('has whole seconds, as other releases write and read it', () => {
    expect(rfc3339(new Date('2026-05-06T07:08:09.999Z'))).toBe('2026-05-06T07:08:09Z');
  });
});

describe('policyOfSecret', () => {
  const owner = {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'BackendSecurityPolicy',
    name: 'p',
    uid: 'u',
    controller: true,
  };
  const labels = { 'app.kubernetes.io/managed-by': 'envoy-ai-gateway' };
  const metadata = { name: 'ai-eg-bsp-p', namespace: 'ns', labels, ownerReferences: [owner] };

  it('is the policy that controls a Secret with our label', () => {
    expect(policyOfSecret(metadata)).toBe('aigateway.envoyproxy.io/BackendSecurityPolicy/ns/p');
  });

  it.each([
    ['has no label', { ...metadata, labels: {} }],
    ['has no owner', { ...metadata, ownerReferences: [] }],
    ['is only referred to', { ...metadata, ownerReferences: [{ ...owner, controller: false }] }],
    ['belongs to another kind', { ...metadata, ownerReferences: [{ ...owner, kind: 'AIGatewayRoute' }] }],
    ['belongs to another group', { ...metadata, ownerReferences: [{ ...owner, apiVersion: 'x.test/v1' }] }],
  ])('is nothing when the Secret %s', (_, other) => {
    expect(policyOfSecret(other)).toBeUndefined();
  });
});
