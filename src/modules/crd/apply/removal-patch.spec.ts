import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import type { Difference } from './live-difference.js';
import { correctionPatch, removalPatch } from './removal-patch.js';

const DESIRED = {
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'HTTPRouteFilter',
  metadata: { name: 'f' },
  spec: { urlRewrite: { hostname: { type: 'Backend' } }, list: [{ a: 1 }] },
} as KubeObject;
const EXTRA: readonly Difference[] = [
  { path: ['spec', 'urlRewrite', 'hostname', 'header'], sort: 'extra' },
  { path: ['spec', 'list', 0, 'b'], sort: 'extra' },
];

describe('removalPatch', () => {
  it('takes away what is extra and writes lists with something extra as a whole', () => {
    expect(removalPatch(DESIRED, EXTRA)).toEqual({
      spec: { urlRewrite: { hostname: { header: null } }, list: [{ a: 1 }] },
    });
  });

  it('is nothing when nothing is extra', () => {
    expect(removalPatch(DESIRED, [{ path: ['spec', 'list'], sort: 'changed' }])).toBeUndefined();
  });
});

describe('correctionPatch', () => {
  it('writes the whole content and takes away what is extra, at once', () => {
    const before = JSON.stringify(DESIRED);
    expect(correctionPatch(DESIRED, EXTRA)).toEqual({
      spec: { urlRewrite: { hostname: { type: 'Backend', header: null } }, list: [{ a: 1 }] },
    });
    expect(JSON.stringify(DESIRED)).toBe(before);
  });

  it('is nothing when nothing is extra', () => {
    expect(correctionPatch(DESIRED, [])).toBeUndefined();
  });
});
