import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HeapGrowth } from './heap-growth.js';

const MIB = 1 << 20;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function growth() {
  const percents: number[] = [];
  return { percents, heap: new HeapGrowth(Date.now, (percent) => percents.push(percent)) };
}

describe('HeapGrowth', () => {
  it('grows in larger steps when many bytes of large messages come within a second, and says so once', () => {
    const { percents, heap } = growth();
    for (let i = 0; i < 40; i++) heap.onLargeMessage(MIB);
    expect(percents).toEqual([400]);
  });

  it('keeps small steps when large messages are rare', () => {
    const { percents, heap } = growth();
    for (let i = 0; i < 100; i++) {
      heap.onLargeMessage(MIB);
      jest.advanceTimersByTime(200);
    }
    expect(percents).toEqual([]);
  });

  it('goes back 10 s after the last busy second, and up again later', () => {
    const { percents, heap } = growth();
    heap.onLargeMessage(16 * MIB);
    jest.advanceTimersByTime(6_000);
    heap.onLargeMessage(16 * MIB);
    jest.advanceTimersByTime(9_999);
    expect(percents).toEqual([400]);
    jest.advanceTimersByTime(1);
    expect(percents).toEqual([400, 50]);
    heap.onLargeMessage(16 * MIB);
    expect(percents).toEqual([400, 50, 400]);
  });
});
