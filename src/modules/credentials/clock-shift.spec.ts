import { describe, expect, it } from '@jest/globals';
import { ClockShift } from './clock-shift.js';

const HOUR = 3_600_000;

/** Moves of the wall clock, each a minute after the one before. */
function noted(...movesMs: readonly number[]): number {
  const shift = new ClockShift();
  let [wallMs, steadyMs] = [1e12, 5_000];
  let total = shift.note(wallMs, steadyMs);
  for (const moveMs of movesMs) {
    steadyMs += 60_000;
    wallMs += 60_000 + moveMs;
    total = shift.note(wallMs, steadyMs);
  }
  return total;
}

describe('ClockShift', () => {
  it.each([
    ['nothing when the clock runs', [0, 0, 0], 0],
    ['nothing when it is set forward', [HOUR, 0], 0],
    ['an hour when it is set back by one', [0, -HOUR, 0], HOUR],
    ['both when it is set back twice', [-HOUR, -2 * HOUR], 3 * HOUR],
    ['what was set back after it was set forward', [2 * HOUR, -HOUR], HOUR],
    ['nothing when it is corrected by a second', [-1_000, 1_000], 0],
    ['many little corrections together once they are half a minute', Array.from({ length: 31 }, () => -1_000), 31_000],
  ])('tells %s', (_, moves, total) => {
    expect(noted(...moves)).toBe(total);
  });
});
