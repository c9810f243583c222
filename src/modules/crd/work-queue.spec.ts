import { describe, expect, it } from '@jest/globals';
import { array, assert, constantFrom, integer, oneof, property, record } from 'fast-check';
import { WorkQueue } from './work-queue.js';

const holdOff = { quietMs: 10, maxMs: 50 };
const retry = { firstMs: 100, maxMs: 1_000 };
const queue = () => new WorkQueue(holdOff, retry);

describe('WorkQueue', () => {
  it('hands out a root once it was quiet', () => {
    const q = queue();
    q.trigger('a', 0);
    q.trigger('a', 5);
    expect(q.take(14, 9)).toEqual([]);
    expect(q.nextDueMs()).toBe(15);
    expect(q.take(15, 9)).toEqual(['a']);
    expect(q.nextDueMs()).toBeUndefined();
  });

  it('waits for the maximum at most when a root is never quiet', () => {
    const q = queue();
    for (let ms = 0; ms < 50; ms += 5) q.trigger('a', ms);
    expect(q.take(49, 9)).toEqual([]);
    expect(q.take(50, 9)).toEqual(['a']);
  });

  it('asks for more and more quiet while a burst goes on, and forgets it afterwards', () => {
    const q = queue();
    const takenAt: number[] = [];
    for (let ms = 0; ms <= 200; ms++) {
      // A trigger each 12 ms: longer than the first quiet time.
      if (ms % 12 === 0) q.trigger('a', ms);
      if (q.take(ms, 9).length > 0) {
        takenAt.push(ms);
        q.succeeded('a');
      }
    }
    expect(takenAt).toEqual([10, 62, 122, 182]);
    expect(q.take(300, 9)).toEqual(['a']);
    q.succeeded('a');
    q.trigger('a', 1_000);
    expect(q.nextDueMs()).toBe(1_010);
  });

  it('lets the maximum grow while a root is never quiet, and answers the end of the burst as soon as before', () => {
    const q = new WorkQueue({ ...holdOff, burstMaxMs: 150 }, retry);
    const takenAt: number[] = [];
    const run = (fromMs: number, toMs: number, everyMs: number) => {
      for (let ms = fromMs; ms <= toMs; ms++) {
        if (ms % everyMs === 0) q.trigger('a', ms);
        if (q.take(ms, 9).length === 0) continue;
        takenAt.push(ms);
        q.succeeded('a');
      }
    };
    run(0, 500, 5);
    // After 50, 100 and 150, each counted from the trigger that follows the pass before.
    expect(takenAt).toEqual([50, 155, 310, 465]);
    // The last trigger was at 500.
    expect(q.nextDueMs()).toBe(550);
    expect(q.take(550, 9)).toEqual(['a']);
    q.succeeded('a');
    // Afterwards it is as it was.
    run(20_000, 20_100, 5);
    expect(takenAt[4]).toBe(20_050);
  });

  it('does not let the maximum grow for a root that is quiet between its passes', () => {
    const q = new WorkQueue({ ...holdOff, burstMaxMs: 150 }, retry);
    q.trigger('a', 0);
    q.take(10, 9);
    q.succeeded('a');
    for (let ms = 11; ms < 200; ms += 5) q.trigger('a', ms);
    expect(q.nextDueMs()).toBe(61);
  });

  it('holds back a root that is being worked on, and hands it out again afterwards when it was triggered meanwhile', () => {
    const q = queue();
    q.trigger('a', 0);
    q.take(10, 9);
    q.trigger('a', 11);
    expect(q.take(1_000, 9)).toEqual([]);
    q.succeeded('a');
    expect(q.take(1_000, 9)).toEqual(['a']);
  });

  it('takes no more than asked, and the rest later', () => {
    const q = queue();
    for (const key of ['a', 'b', 'c']) q.trigger(key, 0);
    expect(q.take(10, 2)).toEqual(['a', 'b']);
    expect(q.take(10, 2)).toEqual(['c']);
    expect(q.take(10, 2)).toEqual([]);
  });

  it('backs off after each failure in a row, and starts anew after a success', () => {
    const q = queue();
    const fail = (nowMs: number) => {
      q.trigger('a', nowMs - holdOff.quietMs);
      q.take(nowMs, 9);
      q.failed('a', nowMs, 1);
      return q.nextDueMs()! - nowMs;
    };
    expect([fail(1_000), fail(5_000), fail(9_000)]).toEqual([100, 200, 400]);
    expect(q.failing).toBe(1);
    q.take(20_000, 9);
    q.succeeded('a');
    expect(q.failing).toBe(0);
    expect(fail(30_000)).toBe(100);
  });

  it('waits as long as the server asked for', () => {
    const q = queue();
    q.trigger('a', 0);
    q.take(10, 9);
    q.failed('a', 10, 1, 5_000);
    expect(q.nextDueMs()).toBe(5_010);
  });

  it('does not make a trigger wait for a back-off', () => {
    const q = queue();
    q.trigger('a', 0);
    q.take(10, 9);
    q.failed('a', 10, 1, 5_000);
    q.trigger('a', 100);
    expect(q.take(110, 9)).toEqual(['a']);
    q.succeeded('a');
    expect(q.take(10_000, 9)).toEqual([]);
  });

  it('keeps the earliest of several requeues', () => {
    const q = queue();
    q.requeue('a', 500);
    q.requeue('a', 200);
    q.requeue('a', 900);
    expect(q.take(199, 9)).toEqual([]);
    expect(q.take(200, 9)).toEqual(['a']);
    expect(q.nextDueMs()).toBeUndefined();
  });

  it('hands out nothing while passes rest', () => {
    const q = queue();
    q.trigger('a', 0);
    q.restUntil(100);
    expect(q.take(99, 9)).toEqual([]);
    expect(q.nextDueMs()).toBe(100);
    expect(q.take(100, 9)).toEqual(['a']);
  });

  it('forgets roots that nobody wants', () => {
    const q = queue();
    q.trigger('gone', 0);
    q.trigger('here', 0);
    q.requeue('gone', 5);
    q.prune((key) => key === 'here');
    expect(q.take(100, 9)).toEqual(['here']);
  });

  it('loses no trigger, never hands out a root twice at once, and is never idle with a due root', () => {
    const key = constantFrom('a', 'b', 'c');
    const step = record({
      wait: integer({ min: 0, max: 30 }),
      act: oneof(
        record({ trigger: key }),
        record({ take: integer({ min: 1, max: 3 }) }),
        record({ finish: key, fails: constantFrom(true, false) }),
      ),
    });
    assert(
      property(array(step, { maxLength: 60 }), (steps) => {
        const q = queue();
        const working = new Set<string>();
        const owed = new Set<string>();
        let nowMs = 0;
        for (const { wait, act } of steps) {
          nowMs += wait;
          if ('trigger' in act) {
            q.trigger(act.trigger, nowMs);
            owed.add(act.trigger);
          } else if ('take' in act) {
            for (const taken of q.take(nowMs, act.take)) {
              if (working.has(taken)) throw new Error(`${taken} was handed out twice`);
              working.add(taken);
              owed.delete(taken);
            }
          } else if (working.delete(act.finish)) {
            if (act.fails) {
              q.failed(act.finish, nowMs, 0.5);
              owed.add(act.finish);
            } else q.succeeded(act.finish);
          }
        }
        for (const each of working) q.succeeded(each);
        const rest = owed.size > 0 ? q.nextDueMs() : nowMs;
        expect(rest).toBeDefined();
        expect(new Set(q.take(nowMs + 10_000, 9))).toEqual(owed);
      }),
    );
  });
});
