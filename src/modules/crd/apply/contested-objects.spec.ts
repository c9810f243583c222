import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { ContestedObjects } from './contested-objects.js';

type AnyObject = KubeObject & Readonly<Record<string, unknown>>;

const object = (hostname: string): AnyObject => ({
  apiVersion: 'v1',
  kind: 'X',
  metadata: { name: 'x' },
  spec: { hostname },
});

const ownedBy = (desired: KubeObject, uid: string): KubeObject => ({
  ...desired,
  metadata: { ...desired.metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'Owner', name: 'o', uid }] },
});

/** As apply does it: asks, and tells when it has written. */
function applies(contested: ContestedObjects, key: string, desired: KubeObject, nowMs: number): boolean {
  if (contested.isContested(key, desired, nowMs)) return false;
  contested.applied(key, desired, nowMs);
  return true;
}

describe('ContestedObjects', () => {
  it('lets the same be applied ten times in a minute', () => {
    const contested = new ContestedObjects();
    const may = Array.from({ length: 12 }, (_, i) => applies(contested, 'a', object('h'), i * 1_000));
    expect(may).toEqual([...Array<boolean>(10).fill(true), false, false]);
    expect(applies(contested, 'b', object('h'), 12_000)).toBe(true);
    expect(applies(contested, 'a', object('h'), 60_000)).toBe(true);
  });

  it('counts anew what we have deleted ourselves, and what has other owners', () => {
    const contested = new ContestedObjects();
    const own = Array.from({ length: 30 }, () => {
      contested.deleted('a');
      return applies(contested, 'a', object('h'), 0);
    });
    const owned = Array.from({ length: 30 }, (_, i) => applies(contested, 'b', ownedBy(object('h'), `uid-${i}`), i));
    expect(new Set([...own, ...owned])).toEqual(new Set([true]));
  });

  it('lets what is new be applied at any time', () => {
    const contested = new ContestedObjects();
    const may = Array.from({ length: 50 }, (_, i) => applies(contested, 'a', object(`h${i}`), i));
    expect(new Set(may)).toEqual(new Set([true]));
  });
});
