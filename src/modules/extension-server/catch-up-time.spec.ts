import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Fault } from '../../shared/api/fault.js';
import { CATCH_UP_MS, CatchUpTime } from './catch-up-time.js';

const fault = (message: string, reason = 'RouteOutdated'): Fault => ({
  object: 'route',
  path: '',
  reason,
  message,
  severity: 'error',
});

describe('CatchUpTime', () => {
  let nowMs: number;
  let time: CatchUpTime;

  beforeEach(() => {
    nowMs = 1_000;
    time = new CatchUpTime(() => nowMs);
  });

  it('is given once to a fault', () => {
    expect(time.isWorthWaiting([fault('a')])).toBe(true);
    nowMs += CATCH_UP_MS - 1;
    expect(time.isWorthWaiting([fault('a')])).toBe(true);
    nowMs += 1;
    expect(time.isWorthWaiting([fault('a')])).toBe(false);
    nowMs += 3_600_000;
    expect(time.isWorthWaiting([fault('a')])).toBe(false);
  });

  it('is not given to one fault after the other', () => {
    expect(time.isWorthWaiting([fault('a')])).toBe(true);
    nowMs += CATCH_UP_MS;
    expect(time.isWorthWaiting([fault('b')])).toBe(false);
    nowMs += 5_000;
    expect(time.isWorthWaiting([fault('b')])).toBe(true);
  });

  it('is given to endpoints that cannot be mapped, and to nothing else', () => {
    expect(time.isWorthWaiting([])).toBe(false);
    expect(time.isWorthWaiting([fault('a', 'BackendsNotDistinguishable')])).toBe(false);
    expect(time.isWorthWaiting([fault('a', 'BackendsNotDistinguishable'), fault('b', 'LocalityNotMapped')])).toBe(true);
  });

  it('remembers a bounded number of faults, the newest of them', () => {
    for (let index = 0; index < 1_001; index += 1) {
      nowMs += 5_000;
      expect(time.isWorthWaiting([fault(`${index}`)])).toBe(true);
    }
    nowMs += 5_000;
    expect(time.isWorthWaiting([fault('1000')])).toBe(false);
    expect(time.isWorthWaiting([fault('0')])).toBe(true);
  });
});
