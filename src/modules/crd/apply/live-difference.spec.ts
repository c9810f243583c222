import { describe, expect, it } from '@jest/globals';
import type { KubeObject, ObjectMeta } from '../../../shared/api/kube-object.js';
import type { ManagedKeys } from '../store/managed-keys.js';
import { differences } from './live-difference.js';
import { removalPatch } from './removal-patch.js';

const owner = { apiVersion: 'a/v1', kind: 'AIGatewayRoute', name: 'r', uid: 'u', controller: true };

type AnyObject = KubeObject & Readonly<Record<string, unknown>>;

function route(spec: object, metadata: Partial<ObjectMeta> = {}): AnyObject {
  const object = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'r', ...metadata },
  };
  return { ...object, spec };
}

const none: ManagedKeys = { labels: [], annotations: [] };
const paths = (desired: KubeObject, live: KubeObject, managed = none) =>
  differences(desired, live, managed).map(({ path, sort }) => `${sort} ${path.join('.')}`);

const rule = { name: 'x', filters: [{ type: 'ExtensionRef' }], backendRefs: [{ name: 'b', kind: 'Backend' }] };

describe('differences', () => {
  it.each<[string, object, object, string[]]>([
    ['nothing when both say the same', { rules: [rule] }, { rules: [rule] }, []],
    [
      'nothing when the server filled in defaults',
      { parentRefs: [{ name: 'g' }], rules: [rule, { matches: [{ headers: [{ name: 'h', value: 'v' }] }] }] },
      {
        parentRefs: [{ name: 'g', group: 'gateway.networking.k8s.io', kind: 'Gateway' }],
        rules: [
          {
            ...rule,
            matches: [{ path: { type: 'PathPrefix', value: '/' } }],
            backendRefs: [{ name: 'b', kind: 'Backend', group: '', weight: 1 }],
          },
          {
            matches: [
              { path: { value: '/', type: 'PathPrefix' }, headers: [{ name: 'h', value: 'v', type: 'Exact' }] },
            ],
          },
        ],
      },
      ['extra spec.rules.1.matches.0.path'],
    ],
    ['a changed value', { rules: [rule] }, { rules: [{ ...rule, name: 'y' }] }, ['changed spec.rules.0.name']],
    ['an added member', { rules: [rule] }, { rules: [rule], hostnames: ['h'] }, ['extra spec.hostnames']],
    [
      'a value in place of a default',
      { rules: [rule] },
      { rules: [{ ...rule, backendRefs: [{ ...rule.backendRefs[0], weight: 2 }] }] },
      ['extra spec.rules.0.backendRefs.0.weight'],
    ],
    ['a longer list', { rules: [rule] }, { rules: [rule, rule] }, ['extra spec.rules']],
    ['a shorter list', { rules: [rule, rule] }, { rules: [rule] }, ['changed spec.rules']],
    ['a missing member', { hostnames: ['h'] }, {}, ['changed spec.hostnames']],
    ['nothing when an empty list is left out', { hostnames: [], rules: [rule] }, { rules: [rule] }, []],
    ['nothing when the server writes an empty list', { rules: [rule] }, { rules: [rule], hostnames: [] }, []],
    ['another type', { rules: [rule] }, { rules: { a: 1 } }, ['changed spec.rules']],
  ])('finds %s', (_, desired, live, expected) => {
    expect(paths(route(desired), route(live))).toEqual(expected);
  });

  it('leaves labels and annotations of others alone, but wants its own and removes its former ones', () => {
    const desired = route({}, { labels: { a: '1' }, annotations: { c: '1' } });
    const live = route({}, { labels: { a: '2', b: 'x', former: 'y' }, annotations: { other: 'z' } });
    expect(paths(desired, live, { labels: ['a', 'former'], annotations: ['c'] })).toEqual([
      'changed metadata.labels.a',
      'changed metadata.labels.former',
      'changed metadata.annotations.c',
    ]);
  });

  it.each([
    [[owner], []],
    [[{ ...owner, uid: 'other' }, owner], []],
    [[{ ...owner, uid: 'other' }], ['changed metadata.ownerReferences']],
    [[{ ...owner, controller: false }], ['changed metadata.ownerReferences']],
    [undefined, ['changed metadata.ownerReferences']],
  ])('wants its owner among others: %#', (ownerReferences, expected) => {
    const live = route({}, ownerReferences ? { ownerReferences } : {});
    expect(paths(route({}, { ownerReferences: [owner] }), live)).toEqual(expected);
  });

  it('looks at data and type, not at status', () => {
    const secret = (data: object, more: object = {}): AnyObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      data,
      ...more,
    });
    expect(paths(secret({ a: 'x' }), secret({ a: 'x' }, { type: 'Opaque', status: { b: 1 } }))).toEqual([]);
    expect(paths(secret({ a: 'x' }), secret({ a: 'y', b: 'z' }))).toEqual(['changed data.a', 'extra data.b']);
    expect(paths(secret({ a: 'x' }), secret({ a: 'x' }, { type: 'tls' }))).toEqual(['extra type']);
  });
});

describe('removalPatch', () => {
  const patch = (desired: object, live: object) =>
    removalPatch(route(desired), differences(route(desired), route(live), none));

  it('takes away what is extra, and writes lists as a whole', () => {
    expect(patch({ rules: [rule] }, { rules: [rule], hostnames: ['h'], other: { deep: 1 } })).toEqual({
      spec: { hostnames: null, other: null },
    });
    expect(patch({ rules: [rule] }, { rules: [rule, rule] })).toEqual({ spec: { rules: [rule] } });
    expect(patch({ rules: [rule] }, { rules: [{ ...rule, timeouts: {} }], hostnames: ['h'] })).toEqual({
      spec: { rules: [rule], hostnames: null },
    });
    expect(patch({ a: { b: 1 } }, { a: { b: 1, c: 2, d: 3 } })).toEqual({ spec: { a: { c: null, d: null } } });
  });

  it('is not there when nothing is extra', () => {
    expect(patch({ rules: [rule] }, { rules: [] })).toBeUndefined();
  });
});
