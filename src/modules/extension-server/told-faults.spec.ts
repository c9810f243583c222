import { describe, expect, it } from '@jest/globals';
import type { Fault } from '../../shared/api/fault.js';
import { kinds } from '../../shared/api/kinds.js';
import { objectKey } from '../../shared/api/kube-object.js';
import { ToldFaults } from './told-faults.js';

const fault = (index: number): Fault => ({
  object: objectKey(kinds.aiGatewayRoute, 'default', 'llm'),
  path: `spec.rules[${index}]`,
  reason: 'RouteOutdated',
  message: 'm',
  severity: 'error',
});

describe('ToldFaults', () => {
  it('lets each fault be told once in 5 minutes', () => {
    let nowMs = 0;
    const told = new ToldFaults(() => nowMs);
    expect(told.notTold([fault(0), fault(1)])).toEqual([fault(0), fault(1)]);
    nowMs = 299_999;
    expect(told.notTold([fault(1), fault(2)])).toEqual([fault(2)]);
    nowMs = 300_000;
    expect(told.notTold([fault(0), fault(2)])).toEqual([fault(0)]);
  });

  it('remembers 1,000 of them', () => {
    const told = new ToldFaults(() => 0);
    for (let index = 0; index < 1_001; index++) told.notTold([fault(index)]);
    expect(told.notTold([fault(1)])).toEqual([]);
    expect(told.notTold([fault(0)])).toEqual([fault(0)]);
  });
});
