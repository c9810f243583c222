import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { formatGoDuration, parseGoDurationMs } from './go-duration.js';

describe('parseGoDurationMs', () => {
  it.each([
    ['0', 0],
    ['2m0s', 120_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['.5s', 500],
    ['1.s', 1_000],
    ['-15s', -15_000],
    ['+1m', 60_000],
    ['250us', 0.25],
    ['250µs', 0.25],
    ['1h1h', 7_200_000],
  ])('reads %j', (text, expectedMs) => {
    expect(parseGoDurationMs(text)).toBe(expectedMs);
  });

  it.each(['', '15', '15 s', 's', '1d', '.s', '1s2', 'abc', '--1s', '1S'])('knows no duration %j', (text) => {
    expect(parseGoDurationMs(text)).toBeUndefined();
  });

  it('reads back what formatGoDuration shows', () => {
    fc.assert(
      fc.property(fc.nat({ max: 100 * 3_600_000 }), (durationMs) => {
        expect(parseGoDurationMs(formatGoDuration(durationMs))).toBeCloseTo(durationMs, 6);
      }),
    );
  });
});

describe('formatGoDuration', () => {
  it.each([
    [0, '0s'],
    [500, '500ms'],
    [1_500, '1.5s'],
    [15_000, '15s'],
    [120_000, '2m0s'],
    [5_400_000, '1h30m0s'],
  ])('shows %d ms as %s', (durationMs, expected) => {
    expect(formatGoDuration(durationMs)).toBe(expected);
  });
});
