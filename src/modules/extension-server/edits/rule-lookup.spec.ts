import { describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import { partAnnotations } from '../../../shared/api/route-parts.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf, type Snapshot } from '../../../shared/api/snapshot.js';
import { ruleLookup } from './rule-lookup.js';

const RULES = ['a', 'b', 'c'].map((name) => ({ backendRefs: [{ name }] }));
const LLM: AIGatewayRoute = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { namespace: 'ns', name: 'llm' },
  spec: { rules: RULES },
};
const PART: KubeObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { namespace: 'ns', name: 'part', annotations: partAnnotations('llm', 2) },
};
const named = (route: string, ruleIndex: number) => ({ namespace: 'ns', route, ruleIndex });

describe('ruleLookup', () => {
  it.each([
    ['llm', 1, 1],
    ['part', 0, 2],
  ])('finds rule %s/%i in the AIGatewayRoute', (route, index, expected) => {
    expect(ruleLookup(snapshotOf([LLM, PART]))(named(route, index))).toEqual({
      route: LLM,
      name: named('llm', expected),
      rule: RULES[expected],
    });
  });

  it('finds the route of a rule that it does not have', () => {
    expect(ruleLookup(snapshotOf([LLM]))(named('llm', 3))).toEqual({ route: LLM, name: named('llm', 3) });
  });

  it('is undefined for other routes', () => {
    expect(ruleLookup(snapshotOf([LLM]))(named('plain', 0))).toBeUndefined();
  });

  it('reads the world once for each name, also for those that are not found', () => {
    let reads = 0;
    const world = snapshotOf([LLM]);
    const counting: Snapshot = {
      get: (type, namespace, name) => {
        reads++;
        return world.get(type, namespace, name);
      },
      list: (type) => world.list(type),
      isWatched: (namespace) => world.isWatched(namespace),
      isWrittenByUs: () => false,
    };
    const lookup = ruleLookup(counting);
    for (const name of ['llm', 'plain']) lookup(named(name, 0));
    const before = reads;
    for (const name of ['llm', 'plain']) lookup(named(name, 0));
    expect(before).toBeGreaterThan(0);
    expect(reads).toBe(before);
  });
});
