import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AwaitedBackends } from './awaited-backends.js';

describe('AwaitedBackends', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  let nowMs = 0;
  beforeEach(() => void (nowMs = 0));
  /** Moves both clocks. */
  const pass = async (ms: number) => {
    nowMs += ms;
    await jest.advanceTimersByTimeAsync(ms);
  };

  /** Whether the wait is over; it tells when it is asked. */
  function waitFor(awaited: AwaitedBackends, name: string): () => boolean {
    let isOver = false;
    void awaited.wait(name, nowMs).then(() => (isOver = true));
    return () => isOver;
  }

  it('holds all who miss a backend until a configuration has it, and nobody else', async () => {
    const awaited = new AwaitedBackends();
    const [first, second, other] = ['a', 'a', 'b'].map((name) => waitFor(awaited, name));
    await pass(2999);
    awaited.settle(new Map([['c', {}]]));
    await pass(0);
    expect([first!(), second!(), other!()]).toEqual([false, false, false]);
    awaited.settle(new Map([['a', {}]]));
    await pass(0);
    expect([first!(), second!(), other!()]).toEqual([true, true, false]);
  });

  it('holds nobody for more than 3 s since the name was first missed', async () => {
    const awaited = new AwaitedBackends();
    const first = waitFor(awaited, 'a');
    await pass(2000);
    const second = waitFor(awaited, 'a');
    await pass(999);
    expect([first(), second()]).toEqual([false, false]);
    await pass(1);
    expect([first(), second()]).toEqual([true, true]);
    const third = waitFor(awaited, 'a');
    await pass(0);
    expect(third()).toBe(true);
  });

  it('goes on refusing at once while a name is missed without a pause, and waits again after 30 s without it', async () => {
    const awaited = new AwaitedBackends();
    waitFor(awaited, 'a');
    for (let seconds = 0; seconds < 60; seconds += 10) {
      await pass(10_000);
      const later = waitFor(awaited, 'a');
      await pass(0);
      expect(later()).toBe(true);
    }
    await pass(30_000);
    const again = waitFor(awaited, 'a');
    await pass(0);
    expect(again()).toBe(false);
  });

  it('waits again for a backend that came and went', async () => {
    const awaited = new AwaitedBackends();
    waitFor(awaited, 'a');
    await pass(5000);
    awaited.settle(new Map([['a', {}]]));
    const again = waitFor(awaited, 'a');
    await pass(2999);
    expect(again()).toBe(false);
  });

  it('holds at most 1,000 at once', async () => {
    const awaited = new AwaitedBackends();
    const held = Array.from({ length: 1000 }, () => waitFor(awaited, 'a'));
    const [same, other] = [waitFor(awaited, 'a'), waitFor(awaited, 'b')];
    await pass(0);
    expect([held.some((isOver) => isOver()), same(), other()]).toEqual([false, true, true]);
    awaited.settle(new Map([['a', {}]]));
    await pass(0);
    expect(held.every((isOver) => isOver())).toBe(true);
    expect(waitFor(awaited, 'b')()).toBe(false);
  });

  it('keeps at most 100 names: the oldest goes, and who waits for it goes on', async () => {
    const awaited = new AwaitedBackends();
    const waits = Array.from({ length: 101 }, (_, i) => waitFor(awaited, String(i)));
    await pass(0);
    expect(waits.map((isOver) => isOver()).indexOf(false)).toBe(1);
    expect(jest.getTimerCount()).toBe(100);
  });

  it('lets everybody go when it is closed, and holds nobody afterwards', async () => {
    const awaited = new AwaitedBackends();
    const before = waitFor(awaited, 'a');
    awaited.close();
    const after = waitFor(awaited, 'b');
    await pass(0);
    expect([before(), after()]).toEqual([true, true]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
