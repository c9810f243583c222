const FIRST_CAPACITY_BYTES = 4096;
/** A larger buffer is given up once it is taken: one large event must not hold its memory as long as the stream lasts. */
const KEPT_CAPACITY_BYTES_MAX = 64 << 10;

/** Bytes that arrive in pieces. Grows by doubling, so that each byte is copied a constant number of times. */
export class GrowingBuffer {
  #buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies: the bytes may be reused after return. */
  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, this.#buffer.length * 2, FIRST_CAPACITY_BYTES));
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  /** What was appended so far; valid until the next `append`. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** {@link view}, after which the buffer is empty. */
  take(): Buffer {
    const bytes = this.view();
    this.#length = 0;
    if (this.#buffer.length > KEPT_CAPACITY_BYTES_MAX) this.#buffer = Buffer.alloc(0);
    return bytes;
  }
}
