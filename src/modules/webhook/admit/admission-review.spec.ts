import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../shared/errors.js';
import { parseAdmissionReview, writeAdmissionReview } from './admission-review.js';
import { hasNativeSidecars } from './server-version.js';

const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { generateName: 'p-' } };
const review = (request: unknown, apiVersion = 'admission.k8s.io/v1') =>
  JSON.stringify({ apiVersion, kind: 'AdmissionReview', request });

describe('parseAdmissionReview', () => {
  it('reads the request, without what is null or unknown', () => {
    const request = { uid: 'u', operation: 'DELETE', namespace: 'n', object: null, oldObject: POD, dryRun: false };
    expect(parseAdmissionReview(review(request))).toEqual({
      uid: 'u',
      operation: 'DELETE',
      namespace: 'n',
      oldObject: POD,
    });
  });

  it.each([
    ['no JSON', '{', /no JSON/],
    ['null', 'null', /something else/],
    ['a list', '[]', /something else/],
    ['another version', review({ uid: 'u', operation: 'CREATE' }, 'admission.k8s.io/v1beta1'), /something else/],
    ['no request', review(undefined), /something else/],
    ['no uid', review({ operation: 'CREATE' }), /no uid/],
    ['no operation', review({ uid: 'u' }), /no operation/],
    [
      'a text in place of the object',
      review({ uid: 'u', operation: 'CREATE', object: 'pod' }),
      /request\.object is no/,
    ],
    [
      'an object without metadata',
      review({ uid: 'u', operation: 'CREATE', object: { apiVersion: 'v1', kind: 'Pod' } }),
      /request\.object is no/,
    ],
  ])('refuses a body with %s', (_, body, message) => {
    expect(() => parseAdmissionReview(body)).toThrow(UserFacingError);
    expect(() => parseAdmissionReview(body)).toThrow(message);
  });
});

describe('writeAdmissionReview', () => {
  const response = (...args: Parameters<typeof writeAdmissionReview>) =>
    (JSON.parse(writeAdmissionReview(...args)) as { response: Record<string, unknown> }).response;

  it('has a patch only when something changes', () => {
    expect(response('u', { allowed: true })).toEqual({ uid: 'u', allowed: true });
    expect(response('u', { allowed: true, patch: [] })).toEqual({ uid: 'u', allowed: true });
    const patch = [{ op: 'add', path: '/a', value: 'ü' }] as const;
    const written = response('u', { allowed: true, patch });
    expect(written['patchType']).toBe('JSONPatch');
    expect(JSON.parse(Buffer.from(String(written['patch']), 'base64').toString())).toEqual(patch);
  });

  it('bounds warnings as the API server wants them', () => {
    const warnings = Array.from({ length: 20 }, (_, i) => `${i}${'x'.repeat(300)}`);
    const shown = response('u', { allowed: true, warnings })['warnings'] as readonly string[];
    expect(shown).toHaveLength(10);
    expect(new Set(shown.map(({ length }) => length))).toEqual(new Set([256]));
  });

  it('tells code and message of a denial', () => {
    expect(response('u', { allowed: false, denial: { code: 422, message: 'm' } })).toEqual({
      uid: 'u',
      allowed: false,
      status: { code: 422, message: 'm' },
    });
  });
});

describe('hasNativeSidecars', () => {
  it.each([
    ['1', '32', false],
    ['1', '33', true],
    ['1', '34', true],
    ['2', '0', true],
    ['0', '99', false],
    ['1', '33+', true],
    ['1', '32+', false],
    ['1', '33.4-gke.100', true],
    ['', '', false],
    ['one', 'x', false],
    ['1', '', false],
  ])('of version %s.%s is %s', (major, minor, expected) => {
    expect(hasNativeSidecars({ major, minor })).toBe(expected);
  });
});
