import { describe, expect, it } from '@jest/globals';
import type { KubeObject, ObjectMeta } from '../../../shared/api/kube-object.js';
import { MANAGED_BY } from '../../../shared/api/managed-by.js';
import { foreignReason, foreignToDelete } from './ownership.js';

const owner = { apiVersion: 'a/v1', kind: 'AIGatewayRoute', name: 'r', uid: 'u', controller: true };
const object = (kind: string, metadata: Partial<ObjectMeta> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'x', ...metadata },
});
const route = (metadata: Partial<ObjectMeta> = {}) => object('HTTPRoute', metadata);
const secret = (...keys: readonly string[]): KubeObject =>
  Object.assign(object('Secret'), { data: Object.fromEntries(keys.map((key) => [key, 'eA=='])) });
const owned = { ownerReferences: [owner] };

describe('foreignReason', () => {
  it.each([
    ['the owner is the same', route(owned), route(owned)],
    ['the owner came back from a backup', route(owned), route({ ownerReferences: [{ ...owner, uid: 'other' }] })],
    ['it carries our label', route(owned), route({ labels: MANAGED_BY })],
    ['it needs no owner and carries our label', object('Service'), object('Service', { labels: MANAGED_BY })],
    ['a token Secret of the reference has no owner', object('Secret', owned), object('Secret')],
    ['a Secret holds what ours would', secret('filter-config.yaml'), secret('filter-config.yaml')],
  ])('lets a write through when %s', (_, desired, live) => {
    expect(foreignReason(desired, live, false)).toBeUndefined();
  });

  it('lets a write through when we applied the object before', () => {
    expect(foreignReason(route(owned), route(), true)).toBeUndefined();
    expect(foreignReason(secret('chunk'), secret('password'), true)).toBeUndefined();
  });

  it.each([
    [
      'another object owns it',
      route(owned),
      route({ ownerReferences: [{ ...owner, name: 'q' }] }),
      'it belongs to AIGatewayRoute q',
    ],
    ['we want no owner, and it has one', object('Secret'), object('Secret', owned), 'it belongs to AIGatewayRoute r'],
    [
      'a Secret without mark holds something else',
      secret('filter-config.yaml'),
      secret('filter-config.yaml', 'password'),
      'it holds the key "password" and no mark of ours, so somebody else made it; delete or rename it',
    ],
    [
      'a user made it',
      route(owned),
      route(),
      'it has no owner and no mark of ours, so somebody else made it; delete or rename it',
    ],
    [
      'a user made it and we want no owner',
      object('Deployment'),
      object('Deployment'),
      'it has no owner and no mark of ours, so somebody else made it; delete or rename it',
    ],
  ])('refuses when %s', (_, desired, live, reason) => {
    expect(foreignReason(desired, live, false)).toBe(reason);
  });
});

describe('foreignToDelete', () => {
  const ours = { ...owner, apiVersion: 'aigateway.envoyproxy.io/v1beta1' };
  const theirs = { ownerReferences: [{ ...owner, apiVersion: 'apps/v1', kind: 'Deployment' }] };

  it.each([
    ['nobody owns it', object('Secret'), false],
    ['a kind of ours owns it', route({ ownerReferences: [ours] }), false],
    ['we applied it', route(theirs), true],
    ['it carries our label', route({ ...theirs, labels: MANAGED_BY }), false],
  ])('lets a deletion through when %s', (_, live, isAppliedByUs) => {
    expect(foreignToDelete(live, isAppliedByUs)).toBeUndefined();
  });

  it('refuses when another kind owns it', () => {
    expect(foreignToDelete(route(theirs), false)).toBe('it belongs to Deployment r');
  });
});
