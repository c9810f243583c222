import { describe, expect, it } from '@jest/globals';
import type { BackendSecurityPolicy } from '../../../shared/api/ai-gateway.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { ResolveContext } from './context.js';

const GROUP = 'aigateway.envoyproxy.io';
const policy = (name: string, targets: readonly string[], kind = 'AIServiceBackend'): BackendSecurityPolicy => ({
  apiVersion: `${GROUP}/v1beta1`,
  kind: 'BackendSecurityPolicy',
  metadata: { name, namespace: 'default' },
  spec: {
    type: 'AWSCredentials',
    awsCredentials: { region: 'us-east-1' },
    targetRefs: targets.map((target) => ({ group: GROUP, kind, name: target })),
  },
});
const backend = (name: string): KubeObject => ({
  apiVersion: `${GROUP}/v1beta1`,
  kind: 'AIServiceBackend',
  metadata: { name, namespace: 'default' },
});

const told = (own: BackendSecurityPolicy, ...others: readonly KubeObject[]) =>
  new ResolveContext(snapshotOf([own, ...others]))
    .policy(own)
    .faults.map(({ severity, reason, path, message }) => `${severity} ${reason} ${path}: ${message}`);

describe('the targets of a policy', () => {
  it('tell the other policies that they have, since they get no requests then', () => {
    const others = Array.from({ length: 7 }, (_, index) => policy(`other-${index}`, ['b']));
    expect(told(policy('p', ['a', 'b']), backend('a'), backend('b'), ...others)).toEqual([
      'warning ConflictingPolicies spec.targetRefs[1].name: AIServiceBackend default/b is the target of other-0, other-1, other-2, other-3, other-4 and 2 more too, and gets no requests: keep one',
    ]);
  });

  it('are not those of a policy that is going, or of another kind', () => {
    const going = policy('going', ['b']);
    const others = [
      { ...going, metadata: { ...going.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
      policy('of-pool', ['b'], 'InferencePool'),
    ];
    expect(told(policy('p', ['b', 'b']), backend('b'), ...others)).toEqual([]);
  });
});
