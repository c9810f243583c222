const LF = 0x0a;
const FIRST_CAPACITY_BYTES = 4096;

/**
 * The beginning of an event whose end has not arrived yet, with a bound. Grows by doubling, so that an event cut into
 * many chunks is copied a constant number of times. Keeps copies only: a chunk may be reused after `append`.
 */
export class EventTail {
  readonly #sizeBytesMax: number;
  #buffer = Buffer.alloc(0);
  #length = 0;
  #isSkipping = false;
  #endsWithNewline = false;

  /** An event that outgrows `sizeBytesMax` is forgotten and its remaining bytes are not kept. */
  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  /** An event has begun, whether its bytes are kept or not. */
  get isOpen(): boolean {
    return this.#length > 0 || this.#isSkipping;
  }

  get endsWithNewline(): boolean {
    return this.#endsWithNewline;
  }

  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#endsWithNewline = bytes.at(-1) === LF;
    if (this.#isSkipping) return;
    const length = this.#length + bytes.length;
    if (length > this.#sizeBytesMax) {
      this.#buffer = Buffer.alloc(0);
      this.#length = 0;
      this.#isSkipping = true;
      return;
    }
    if (length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(
        Math.max(length, Math.min(this.#buffer.length * 2, this.#sizeBytesMax), FIRST_CAPACITY_BYTES),
      );
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  /** Closes the event. Its bytes are valid until the next `append`; none if it was too large. */
  take(): Buffer {
    const event = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    this.#isSkipping = false;
    return event;
  }
}
