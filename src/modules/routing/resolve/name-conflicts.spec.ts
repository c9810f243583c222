import { describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import { keyOf, type KubeObject, type OwnerReference } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { nameConflicts } from './name-conflicts.js';

const ROUTE: AIGatewayRoute = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { name: 'llm', namespace: 'default', uid: 'u' },
};
const owner = (kind: string, name: string): OwnerReference => ({
  apiVersion: ROUTE.apiVersion,
  kind,
  name,
  uid: 'u',
  controller: true,
});
const child = (kind: string, name: string, ...ownerReferences: readonly OwnerReference[]): KubeObject => ({
  apiVersion: kind === 'HTTPRoute' ? 'gateway.networking.k8s.io/v1' : 'gateway.envoyproxy.io/v1alpha1',
  kind,
  metadata: { name, namespace: 'default', ownerReferences },
});
const NAMES: readonly (readonly [kind: string, name: string])[] = [
  ['HTTPRoute', 'llm'],
  ['HTTPRouteFilter', 'ai-eg-host-rewrite-llm'],
  ['HTTPRouteFilter', 'ai-eg-route-not-found-response-llm'],
];

describe.each(NAMES)('%s %s', (kind, name) => {
  const conflicts = (object: KubeObject, isWritten: boolean) =>
    nameConflicts(snapshotOf([object], [], isWritten ? [keyOf(object)] : []), ROUTE).map(({ reason }) => reason);

  it.each<[string, KubeObject, boolean]>([
    ['is of the route', child(kind, name, owner('AIGatewayRoute', 'llm')), false],
    ['was written by us, and somebody took its owner away', child(kind, name), true],
    [
      'was written by us, and somebody put another owner in its place that does not control it',
      child(kind, name, { ...owner('Gateway', 'x'), controller: false }),
      true,
    ],
  ])('is ours when it %s', (_, object, isWritten) => {
    expect(conflicts(object, isWritten)).toEqual([]);
  });

  it.each<[string, KubeObject, boolean]>([
    ['nobody owns it', child(kind, name), false],
    ['another route owns it', child(kind, name, owner('AIGatewayRoute', 'other')), true],
    ['something else controls it by now', child(kind, name, owner('MCPRoute', 'llm')), true],
  ])('is a conflict when %s', (_, object, isWritten) => {
    expect(conflicts(object, isWritten)).toEqual(['NameConflict']);
  });
});
