import { describe, expect, it } from '@jest/globals';
import { fromBinary } from '@bufbuild/protobuf';
import { ProcessingResponseSchema } from '../../../gen/proto/envoy/service/ext_proc/v3/external_processor_pb.js';
import { Answer } from '../../../../test/harness/extproc-world.js';
import type { Dialect } from './error-dialect.js';
import { KeepAlives, type KeptAlive } from './keep-alive.js';

const INTERVAL_MS = 15_000;
const EVENT = Buffer.from('data: {}\n\n');

/** Keep-alives on a clock and a timer that the test moves. */
class Clocked {
  nowMs = 500;
  periods: number[] = [];
  sent: string[] = [];
  silent = 0;
  readonly keepAlives: KeepAlives;
  #run: (() => void) | undefined;

  constructor() {
    this.keepAlives = new KeepAlives(
      INTERVAL_MS,
      () => this.nowMs,
      (run, periodMs) => {
        this.periods.push(periodMs);
        this.#run = run;
        return () => (this.#run = undefined);
      },
    );
  }

  get isRunning(): boolean {
    return this.#run !== undefined;
  }

  watch(dialect: Dialect = 'openai', name = ''): KeptAlive {
    const read = (frame: Buffer) => new Answer(fromBinary(ProcessingResponseSchema, frame.subarray(5)));
    return this.keepAlives.watch(
      dialect,
      (frame) => this.sent.push(name + read(frame).streamed!.text),
      () => this.silent++,
    );
  }

  after(durationMs: number): string[] {
    this.sent = [];
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs;) {
      this.nowMs = Math.min(endMs, this.nowMs + INTERVAL_MS / 4);
      this.#run?.();
    }
    return this.sent;
  }
}

describe('a stream that is kept alive', () => {
  it.each<[Dialect, string]>([
    ['openai', ': keep-alive\n\n'],
    ['cohere', ': keep-alive\n\n'],
    ['anthropic', 'event: ping\ndata: {"type": "ping"}\n\n'],
  ])('hears what clients of %s pass over', (dialect, text) => {
    const clocked = new Clocked();
    clocked.watch(dialect).answered(EVENT);
    expect(clocked.after(INTERVAL_MS)).toEqual([text]);
  });

  it('hears nothing before its first chunk, and then counts from its head', () => {
    const clocked = new Clocked();
    const kept = clocked.watch();
    expect([clocked.after(2 * INTERVAL_MS), kept.takesAnswers]).toEqual([[], false]);
    kept.answered(Buffer.alloc(0));
    expect([clocked.after(1), kept.takesAnswers]).toEqual([[': keep-alive\n\n'], true]);
  });

  it('hears it once per interval in which nothing else came', () => {
    const clocked = new Clocked();
    const kept = clocked.watch();
    kept.answered(EVENT);
    expect(clocked.after(INTERVAL_MS - 1)).toEqual([]);
    kept.answered(EVENT);
    expect(clocked.after(INTERVAL_MS - 1)).toEqual([]);
    // A chunk that says nothing is no sign of life.
    kept.answered(Buffer.alloc(0));
    expect(clocked.after(1)).toHaveLength(1);
    expect(clocked.after(3 * INTERVAL_MS)).toHaveLength(3);
  });

  it.each(['data: {"half', 'data: {}\n', '\n'])('is left alone inside an event: %j', (text) => {
    const clocked = new Clocked();
    const kept = clocked.watch();
    kept.answered(Buffer.from(text));
    expect(clocked.after(2 * INTERVAL_MS)).toEqual([]);
    kept.answered(EVENT);
    expect(clocked.after(2 * INTERVAL_MS)).toHaveLength(2);
  });

  it.each(['before', 'behind'])('hears nothing more once it was stopped %s its first chunk', (when) => {
    const clocked = new Clocked();
    const kept = clocked.watch();
    if (when === 'before') kept.stop();
    kept.answered(EVENT);
    kept.stop();
    kept.stop();
    expect([clocked.after(40 * INTERVAL_MS), clocked.silent, clocked.keepAlives.size]).toEqual([[], 0, 0]);
  });

  it('hears 3,600 in a row at most, and more when its provider spoke', () => {
    const clocked = new Clocked();
    const kept = clocked.watch();
    kept.answered(EVENT);
    expect(clocked.after(3_650 * INTERVAL_MS)).toHaveLength(3_600);
    kept.answered(EVENT);
    expect(clocked.after(INTERVAL_MS)).toHaveLength(1);
  });

  it('is given up when its first chunk does not come within 270 s', () => {
    const clocked = new Clocked();
    clocked.watch();
    clocked.after(269_999);
    expect([clocked.silent, clocked.keepAlives.size]).toEqual([0, 1]);
    clocked.after(3_600_000);
    expect([clocked.sent, clocked.silent, clocked.keepAlives.size]).toEqual([[], 1, 0]);
  });
});

describe('many streams that are kept alive', () => {
  it('share one timer, which runs while there are any', () => {
    const clocked = new Clocked();
    expect(clocked.isRunning).toBe(false);
    const kept = Array.from({ length: 1000 }, () => clocked.watch());
    for (const stream of kept) stream.answered(EVENT);
    expect([clocked.periods, clocked.after(INTERVAL_MS).length]).toEqual([[INTERVAL_MS / 4], 1000]);
    for (const stream of kept.slice(1)) stream.stop();
    expect([clocked.isRunning, clocked.after(INTERVAL_MS).length]).toEqual([true, 1]);
    kept[0]!.stop();
    expect([clocked.isRunning, clocked.keepAlives.size]).toEqual([false, 0]);
    clocked.watch().answered(EVENT);
    expect([clocked.isRunning, clocked.after(INTERVAL_MS).length]).toEqual([true, 1]);
  });

  it('are looked at every 10 s at least', () => {
    const periods: number[] = [];
    const keepAlives = new KeepAlives(
      3_600_000,
      () => 0,
      (_, periodMs) => {
        periods.push(periodMs);
        return () => {};
      },
    );
    keepAlives.watch(
      'openai',
      () => {},
      () => {},
    );
    expect(periods).toEqual([10_000]);
  });

  it('have clocks of their own', () => {
    const clocked = new Clocked();
    clocked.watch('openai', 'a').answered(EVENT);
    clocked.after(INTERVAL_MS / 2);
    clocked.watch('openai', 'b').answered(EVENT);
    expect(clocked.after(INTERVAL_MS / 2)).toEqual(['a: keep-alive\n\n']);
    expect(clocked.after(INTERVAL_MS / 2)).toEqual(['b: keep-alive\n\n']);
  });
});
