import { describe, expect, it } from '@jest/globals';
import type { Fault } from '../../../shared/api/fault.js';
import { keyOf } from '../../../shared/api/kube-object.js';
import { conditionsOf } from './conditions.js';

const ROUTE = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { name: 'r', namespace: 'default', generation: 3 },
};

const fault = (values: Partial<Fault>): Fault => ({
  object: keyOf(ROUTE),
  path: 'spec',
  reason: 'InvalidCost',
  message: 'wrong',
  severity: 'error',
  ...values,
});

const conditions = (faults: readonly Fault[]) => conditionsOf([ROUTE], faults).get(keyOf(ROUTE));

describe('conditionsOf', () => {
  it('accepts and names warnings when there is no error', () => {
    expect(conditions([fault({ severity: 'warning', reason: 'BackendNotFound' })])).toEqual([
      {
        type: 'ResolvedRefs',
        status: 'True',
        reason: 'ResolvedRefs',
        message: 'Every reference was resolved.',
        observedGeneration: 3,
      },
      {
        type: 'Accepted',
        status: 'True',
        reason: 'ReconciliationSucceeded',
        message: 'The AIGatewayRoute was reconciled. Warnings: spec: wrong',
        observedGeneration: 3,
      },
    ]);
  });

  it.each([
    { reason: 'InvalidCost', resolved: 'True' },
    { reason: 'BackendNotFound', resolved: 'False' },
    { reason: 'BackendNotReady', resolved: 'False' },
    { reason: 'ReasonOfAnotherModule', resolved: 'True' },
  ])('has ResolvedRefs $resolved and is not accepted when the error is $reason', ({ reason, resolved }) => {
    expect(conditions([fault({ reason })])?.map(({ type, status }) => [type, status])).toEqual([
      ['ResolvedRefs', resolved],
      ['NotAccepted', 'False'],
    ]);
  });

  it.each([
    ['Cohere', 'The AIServiceBackend was reconciled. Schema Cohere serves embeddings, rerank.'],
    [
      'OpenAI',
      'The AIServiceBackend was reconciled. Schema OpenAI serves every endpoint but count-tokens, rerank, message-batches, managed-agents.',
    ],
    ['toString', 'The AIServiceBackend was reconciled.'],
  ])('says which endpoints a backend of schema %s serves', (name, message) => {
    const backend = { ...ROUTE, kind: 'AIServiceBackend', spec: { schema: { name } } };
    expect(conditionsOf([backend], []).get(keyOf(backend))?.at(-1)?.message).toBe(message);
  });

  it('is not touched by faults of other objects', () => {
    expect(conditions([fault({ object: 'other' })])?.at(-1)?.type).toBe('Accepted');
  });

  it('names ten faults and counts the others when there are more', () => {
    const faults = Array.from({ length: 13 }, (_, index) => fault({ path: '', message: `m${index}` }));
    expect(conditions(faults)?.at(-1)?.message).toBe('m0; m1; m2; m3; m4; m5; m6; m7; m8; m9; and 3 more');
  });

  it('cuts the message when it is longer than a condition holds', () => {
    expect(conditions([fault({ message: 'x'.repeat(40_000) })])?.at(-1)?.message).toHaveLength(32_768);
  });
});
