import { describe, expect, it } from '@jest/globals';
import type { Condition, ConditionState } from '../../../shared/api/conditions.js';
import { withTransitionTimes } from './transition-times.js';

const NOW = new Date('2026-05-06T07:08:09.123Z');
const STATES: readonly ConditionState[] = [
  { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: 'new text', observedGeneration: 2 },
  { type: 'Accepted', status: 'True', reason: 'ReconciliationSucceeded', message: 'yes' },
];
const before = (type: string, status: Condition['status']): Condition => ({
  type,
  status,
  reason: 'Old',
  message: 'old text',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

describe('withTransitionTimes', () => {
  it.each([
    { when: 'nothing was there', previous: [], times: ['2026-05-06T07:08:09Z', '2026-05-06T07:08:09Z'] },
    {
      when: 'the status is as before',
      previous: [before('ResolvedRefs', 'True'), before('Accepted', 'True')],
      times: ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    },
    {
      when: 'one status changed',
      previous: [before('ResolvedRefs', 'False'), before('Accepted', 'True')],
      times: ['2026-05-06T07:08:09Z', '2026-01-01T00:00:00Z'],
    },
    {
      when: 'NotAccepted became Accepted',
      previous: [before('ResolvedRefs', 'True'), before('NotAccepted', 'False')],
      times: ['2026-01-01T00:00:00Z', '2026-05-06T07:08:09Z'],
    },
  ])('gives $times when $when', ({ previous, times }) => {
    const conditions = withTransitionTimes(STATES, previous, NOW);
    expect(conditions.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual(times);
    expect(conditions[0]).toMatchObject(STATES[0]!);
  });

  it('gives the previous conditions when nothing changed', () => {
    const first = withTransitionTimes(STATES, [], NOW);
    expect(withTransitionTimes(STATES, first, new Date('2027-01-01T00:00:00Z'))).toEqual(first);
  });
});
