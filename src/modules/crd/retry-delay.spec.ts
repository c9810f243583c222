import { describe, expect, it } from '@jest/globals';
import { retryDelayMs } from './retry-delay.js';

const limits = { firstMs: 100, maxMs: 1_000 };

describe('retryDelayMs', () => {
  it.each([
    [1, 0, 50],
    [1, 1, 100],
    [2, 1, 200],
    [4, 1, 800],
    [5, 1, 1_000],
    [5, 0, 500],
    [100_000, 1, 1_000],
  ])('of failure %d with the dice at %d is %d ms', (failures, random, expected) => {
    expect(retryDelayMs(failures, limits, random)).toBe(expected);
  });
});
