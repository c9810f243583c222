import { GrowingBuffer } from '../codec/growing-buffer.js';
import type { StreamTranslator } from '../translators/translator.js';

/** A larger answer goes on as it is. */
const HELD_BYTES_MAX = 8 << 20;
const NOTHING = new Uint8Array();

/**
 * An answer that is held until it is whole, and then rewritten. Envoy's buffer limit does not matter: chunks are taken as they
 * come. Trailers behind it would lose it; no provider of such answers sends any.
 */
export class HeldAnswer implements StreamTranslator {
  readonly facts = {};
  readonly isUsageFinal = false;
  readonly hasError = false;
  readonly #held = new GrowingBuffer();
  #isTooLarge = false;

  constructor(private readonly rewrite: (answer: Uint8Array) => Uint8Array) {}

  push(chunk: Uint8Array): Uint8Array {
    if (this.#isTooLarge) return chunk;
    this.#held.append(chunk);
    if (this.#held.length <= HELD_BYTES_MAX) return NOTHING;
    this.#isTooLarge = true;
    return this.#held.take();
  }

  end(): Uint8Array {
    return this.#isTooLarge ? NOTHING : this.rewrite(this.#held.take());
  }
}
