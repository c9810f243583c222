import { setFlagsFromString } from 'node:v8';
import { HEAP_GROWING_PERCENT } from './heap-flags.js';

/** With it a body of 1 MB costs 2.7 ms of CPU instead of 4.8 ms: more than half of that was collection. */
const RAISED_PERCENT = 400;
/** Messages below it are collected with the young generation or weigh little; those above are memory outside of V8's heap. */
export const LARGE_MESSAGE_BYTES = 64 << 10;
const WINDOW_MS = 1_000;
/** From here on a collection of the whole heap would be due more than once a second. */
const RAISE_BYTES_PER_WINDOW = 16 << 20;
const LOWER_AFTER_MS = 10_000;

/**
 * Lets the heap grow in larger steps while large bodies pass. V8 counts their buffers as growth of the heap, so that the small
 * steps that keep small requests at 140 MiB mean a full collection for every dozen of bodies (docs/decisions/0002).
 */
export class HeapGrowth {
  #windowStartMs = 0;
  #windowBytes = 0;
  #lastBusyMs = 0;
  #isRaised = false;

  constructor(
    private readonly nowMs: () => number,
    private readonly setPercent: (percent: number) => void = setGrowingPercent,
  ) {}

  /** A message of at least {@link LARGE_MESSAGE_BYTES} came. */
  onLargeMessage(sizeBytes: number): void {
    const nowMs = this.nowMs();
    if (nowMs - this.#windowStartMs >= WINDOW_MS) {
      this.#windowStartMs = nowMs;
      this.#windowBytes = 0;
    }
    this.#windowBytes += sizeBytes;
    if (this.#windowBytes < RAISE_BYTES_PER_WINDOW) return;
    this.#lastBusyMs = nowMs;
    if (this.#isRaised) return;
    this.#isRaised = true;
    this.setPercent(RAISED_PERCENT);
    this.#lowerLater(LOWER_AFTER_MS);
  }

  #lowerLater(delayMs: number): void {
    setTimeout(() => {
      const restMs = this.#lastBusyMs + LOWER_AFTER_MS - this.nowMs();
      if (restMs > 0) return this.#lowerLater(restMs);
      this.#isRaised = false;
      this.setPercent(HEAP_GROWING_PERCENT);
    }, delayMs).unref();
  }
}

/** V8 reads this flag after each full collection, when it sets the size at which the next one is due. */
function setGrowingPercent(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
