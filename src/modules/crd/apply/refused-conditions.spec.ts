import { describe, expect, it } from '@jest/globals';
import type { ConditionState } from '../../../shared/api/conditions.js';
import { withRefusal } from './refused-conditions.js';

const resolved: ConditionState = { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: 'm' };

describe('withRefusal', () => {
  it('takes acceptance back and keeps the rest', () => {
    const accepted: ConditionState = {
      type: 'Accepted',
      status: 'True',
      reason: 'R',
      message: 'm',
      observedGeneration: 3,
    };
    expect(withRefusal([resolved, accepted], 'no')).toEqual([
      resolved,
      { type: 'NotAccepted', status: 'False', reason: 'ReconciliationFailed', message: 'no', observedGeneration: 3 },
    ]);
  });

  it('says of a route that it is not in force as it is now', () => {
    const programmed: ConditionState = { type: 'Programmed', status: 'True', reason: 'Programmed', message: 'm' };
    const pending: ConditionState = { type: 'Programmed', status: 'False', reason: 'Pending', message: 'm' };
    expect(withRefusal([programmed], 'no')).toEqual([
      { type: 'Programmed', status: 'False', reason: 'ApplyFailed', message: 'no' },
    ]);
    expect(withRefusal([pending], 'no')).toEqual([pending]);
  });

  it('adds to what was wrong anyway', () => {
    const refused: ConditionState = { type: 'NotAccepted', status: 'False', reason: 'R', message: 'a fault' };
    expect(withRefusal([refused], 'no')).toMatchObject([{ message: 'a fault; no' }]);
  });

  it('keeps to the limit of the API', () => {
    const accepted: ConditionState = { type: 'Accepted', status: 'True', reason: 'R', message: 'm' };
    expect(withRefusal([accepted], 'x'.repeat(40_000))[0]?.message).toHaveLength(32_768);
  });
});
