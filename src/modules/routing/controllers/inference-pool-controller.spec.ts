import { describe, expect, it } from '@jest/globals';
import { groupOf, type KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { InferencePoolController } from './inference-pool-controller.js';

const object = (apiVersion: string, kind: string, name = 'x'): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'default' },
});
const POOLS = ['a', 'b'].map((name) => object('inference.networking.k8s.io/v1', 'InferencePool', name));

const wokenBy = (after: KubeObject) =>
  [
    ...new InferencePoolController().triggers(
      { type: { group: groupOf(after.apiVersion), kind: after.kind }, after },
      snapshotOf(POOLS),
    ),
  ].map((key) => key.split('/').at(-1));

describe('InferencePoolController', () => {
  it.each([
    ['Gateway', 'gateway.networking.k8s.io/v1'],
    ['GatewayClass', 'gateway.networking.k8s.io/v1'],
    ['HTTPRoute', 'gateway.networking.k8s.io/v1'],
    ['AIGatewayRoute', 'aigateway.envoyproxy.io/v1beta1'],
    ['Service', 'v1'],
  ])('looks at every pool when a %s changes', (kind, apiVersion) => {
    expect(wokenBy(object(apiVersion, kind))).toEqual(['a', 'b']);
  });

  it('looks at a pool alone when that changes, and at none when something else does', () => {
    expect(wokenBy(POOLS[1]!)).toEqual(['b']);
    expect(wokenBy(object('v1', 'Secret'))).toEqual([]);
  });
});
