import { describe, expect, it } from '@jest/globals';
import { keyOf, type KubeObject, type ObjectMeta } from '../../shared/api/kube-object.js';
import { snapshotOf } from '../../shared/api/snapshot.js';
import { FinalizerController, REFERENCE_FINALIZER } from './finalizer-controller.js';

const object = (metadata: Partial<ObjectMeta>, apiVersion = 'aigateway.envoyproxy.io/v1beta1'): KubeObject => ({
  apiVersion,
  kind: 'AIServiceBackend',
  metadata: { name: 'a', namespace: 'n', resourceVersion: '7', ...metadata },
});
const held = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x/y', REFERENCE_FINALIZER] };
const type = { group: 'aigateway.envoyproxy.io', kind: 'AIServiceBackend' };
const rootsOf = (after: KubeObject) => [...new FinalizerController().triggers({ type, after })];

describe('FinalizerController', () => {
  it('takes away the finalizer of the reference only', () => {
    const after = object(held);
    expect(rootsOf(after)).toEqual([keyOf(after)]);
    const [desired] = new FinalizerController().reconcile([keyOf(after)], snapshotOf([after]));
    expect(desired?.patches).toEqual([
      { object: keyOf(after), patch: { metadata: { finalizers: ['x/y'], resourceVersion: '7' } } },
    ]);
  });

  it('does so before anybody deletes the object, since nobody could when the controller is uninstalled', () => {
    const after = object({ finalizers: [REFERENCE_FINALIZER] });
    expect(rootsOf(after)).toEqual([keyOf(after)]);
    const [desired] = new FinalizerController().reconcile([keyOf(after)], snapshotOf([after]));
    expect(desired?.patches).toEqual([
      { object: keyOf(after), patch: { metadata: { finalizers: [], resourceVersion: '7' } } },
    ]);
  });

  it.each([
    ['is held by others only', object({ ...held, finalizers: ['x/y'] })],
    ['is of another group', object(held, 'gateway.networking.k8s.io/v1')],
  ])('leaves alone an object that %s', (_, after) => {
    expect(rootsOf(after)).toEqual([]);
    expect(new FinalizerController().reconcile([keyOf(after)], snapshotOf([after]))).toEqual([]);
  });
});
