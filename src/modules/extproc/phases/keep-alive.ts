import { encodeAnswer } from '../wire/processing-response.js';
import type { Dialect } from './error-dialect.js';

/** A keep-alive is late by a quarter of its interval at most: nobody gives up that exactly. */
const TICKS_PER_INTERVAL = 4;
const TICK_MAX_MS = 10_000;
/** Behind so many in a row a client that reads nothing must not cost more memory. */
const MAX_IN_A_ROW = 3_600;
/**
 * For the first chunk, from the head on. A body that ends without a byte right behind its head makes Envoy 1.38.3 wait for us
 * for us, and us for Envoy; nothing tells it from a provider that thinks. Envoy's idle timeout of streams, 5 minutes by default,
 * would end both with a 504 of its own.
 */
const FIRST_CHUNK_MAX_MS = 270_000;
const LINE_FEED = 0x0a;

const frameOf = (text: string) =>
  encodeAnswer('response_body', { streamedBody: { bytes: Buffer.from(text), isLast: false } });

const COMMENT = frameOf(': keep-alive\n\n');
/** What clients pass over: a comment of the event stream; an event that Anthropic has for it. Shared: never written to. */
const FRAMES: Readonly<Record<Dialect, Buffer>> = {
  openai: COMMENT,
  cohere: COMMENT,
  anthropic: frameOf('event: ping\ndata: {"type": "ping"}\n\n'),
};

/** Runs something again and again until the returned function is called. */
export type Repeat = (run: () => void, periodMs: number) => () => void;

const repeat: Repeat = (run, periodMs) => {
  const timer = setInterval(run, periodMs).unref();
  return () => clearInterval(timer);
};

/** All streams of the process that are kept alive, with one timer, which runs while there are any. */
export class KeepAlives {
  readonly #streams = new Set<KeptAlive>();
  #stop: (() => void) | undefined;

  /**
   * @param intervalMs Above 0
   * @param nowMs Monotonic, in milliseconds
   */
  constructor(
    private readonly intervalMs: number,
    private readonly nowMs: () => number,
    private readonly repeated: Repeat = repeat,
  ) {}

  /**
   * Begins with a stream whose head goes to the client now.
   * @param onSilent Called once when its first chunk does not come within 270 s
   */
  watch(dialect: Dialect, send: (frame: Buffer) => void, onSilent: () => void): KeptAlive {
    const kept = new KeptAlive(this.nowMs, {
      keepAlive: () => send(FRAMES[dialect]),
      silent: onSilent,
      stop: () => this.#remove(kept),
    });
    this.#streams.add(kept);
    this.#stop ??= this.repeated(() => this.#tick(), Math.min(this.intervalMs / TICKS_PER_INTERVAL, TICK_MAX_MS));
    return kept;
  }

  /** Streams under watch. */
  get size(): number {
    return this.#streams.size;
  }

  #remove(kept: KeptAlive): void {
    if (!this.#streams.delete(kept) || this.#streams.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #tick(): void {
    for (const kept of this.#streams) kept.tick(this.intervalMs);
  }
}

/**
 * One translated stream in full duplex.
 *
 *   silent ─┬─ first chunk of the provider answered ──▶ kept alive ──▶ over (its end told, trailers, client gone)
 *           └─ 270 s ──▶ given up
 *
 * Envoy resets a stream that gets a chunk of ours before it had one of the provider.
 */
export class KeptAlive {
  #hasBegun = false;
  #lastSentMs: number;
  #isBetweenEvents = true;
  #inARow = 0;

  constructor(
    private readonly nowMs: () => number,
    private readonly then: { readonly keepAlive: () => void; readonly silent: () => void; readonly stop: () => void },
  ) {
    this.#lastSentMs = nowMs();
  }

  /** True once Envoy takes answers at any time. */
  get takesAnswers(): boolean {
    return this.#hasBegun;
  }

  /** A chunk of the provider is answered with these bytes for the client, maybe none. */
  answered(bytes: Uint8Array): void {
    if (bytes.length > 0) {
      this.#lastSentMs = this.nowMs();
      this.#isBetweenEvents = bytes.at(-1) === LINE_FEED && bytes.at(-2) === LINE_FEED;
    }
    this.#inARow = 0;
    this.#hasBegun = true;
  }

  /** Nothing more of ours: the client has been told of the end, or has gone. */
  stop(): void {
    this.then.stop();
  }

  /** Sends a keep-alive when nothing was sent for the interval. */
  tick(intervalMs: number): void {
    const idleMs = this.nowMs() - this.#lastSentMs;
    if (!this.#hasBegun) {
      if (idleMs < FIRST_CHUNK_MAX_MS) return;
      this.stop();
      this.then.silent();
    } else if (idleMs >= intervalMs && this.#isBetweenEvents && this.#inARow < MAX_IN_A_ROW) {
      this.#lastSentMs = this.nowMs();
      this.#inARow++;
      this.then.keepAlive();
    }
  }
}
