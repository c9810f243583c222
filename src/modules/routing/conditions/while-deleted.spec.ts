import { describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { ConditionedObject } from '../../../shared/api/conditions.js';
import { keyOf } from '../../../shared/api/kube-object.js';
import { conditionsWhileDeleted } from './while-deleted.js';

const lastTransitionTime = '2026-01-01T00:00:00Z';
const routeWith = (...finalizers: readonly string[]): AIGatewayRoute & ConditionedObject => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { name: 'llm', namespace: 'default', generation: 2, deletionTimestamp: lastTransitionTime, finalizers },
  status: {
    conditions: [
      { type: 'ResolvedRefs', status: 'True', reason: 'R', message: 'r', observedGeneration: 1, lastTransitionTime },
      { type: 'Programmed', status: 'True', reason: 'P', message: 'p', observedGeneration: 1, lastTransitionTime },
      { type: 'Accepted', status: 'True', reason: 'A', message: 'a', observedGeneration: 1, lastTransitionTime },
    ],
  },
});

describe('conditionsWhileDeleted', () => {
  it('says of a route that a finalizer keeps that it is served no more, and who keeps it', () => {
    const route = routeWith('aigateway.envoyproxy.io/finalizer', 'example.com/audit');
    expect(conditionsWhileDeleted(route).get(keyOf(route))).toEqual([
      { type: 'ResolvedRefs', status: 'True', reason: 'R', message: 'r', observedGeneration: 1 },
      {
        type: 'Programmed',
        status: 'False',
        reason: 'BeingDeleted',
        message:
          'The route is being deleted and is served no more. It is still there because of its finalizers: example.com/audit.',
        observedGeneration: 2,
      },
      { type: 'Accepted', status: 'True', reason: 'A', message: 'a', observedGeneration: 1 },
    ]);
  });

  it('says nothing of a route that is gone in a moment, or that is gone', () => {
    expect(conditionsWhileDeleted(routeWith('aigateway.envoyproxy.io/finalizer')).size).toBe(0);
    expect(conditionsWhileDeleted(routeWith()).size).toBe(0);
    expect(conditionsWhileDeleted(undefined).size).toBe(0);
  });

  it('counts the finalizers that it does not name', () => {
    const route = routeWith(...Array.from({ length: 12 }, (_, index) => `example.com/${index}`));
    const [, programmed] = conditionsWhileDeleted(route).get(keyOf(route)) ?? [];
    expect(programmed?.message).toContain('example.com/4 and 7 more.');
  });
});
