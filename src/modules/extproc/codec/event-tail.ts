const LF = 0x0a;
const FIRST_CAPACITY_BYTES = 4096;

export interface EventBounds {
  /** A larger event is cut: of it, the bytes between its beginning and its end are not kept. */
  readonly sizeBytesMax: number;
  readonly headBytes: number;
  readonly tailBytes: number;
}

/**
 * The beginning of an event whose end has not arrived yet, with a bound. Grows by doubling, so that an event cut into
 * many chunks is copied a constant number of times. Keeps copies only: a chunk may be reused after `append`.
 */
export class EventTail {
  readonly #bounds: EventBounds;
  #buffer = Buffer.alloc(0);
  #length = 0;
  #isCut = false;
  #endsWithNewline = false;

  constructor(bounds: EventBounds) {
    this.#bounds = bounds;
  }

  /** An event has begun. */
  get isOpen(): boolean {
    return this.#length > 0;
  }

  /** The event outgrew its bound: what is kept begins and ends as it does, with at least as many bytes as was asked for. */
  get isCut(): boolean {
    return this.#isCut;
  }

  get endsWithNewline(): boolean {
    return this.#endsWithNewline;
  }

  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#endsWithNewline = bytes.at(-1) === LF;
    const { sizeBytesMax, headBytes, tailBytes } = this.#bounds;
    const length = this.#length + bytes.length;
    // Cut once as much has come again as is kept: each byte is copied a constant number of times.
    if (length > (this.#isCut ? headBytes + 2 * tailBytes : sizeBytesMax)) this.#cut(bytes);
    else this.#copy(bytes, length);
  }

  /** Closes the event. Its bytes are valid until the next `append`. */
  take(): Buffer {
    const event = this.#buffer.subarray(0, this.#length);
    if (this.#isCut) this.#buffer = Buffer.alloc(0);
    this.#length = 0;
    this.#isCut = false;
    return event;
  }

  #copy(bytes: Uint8Array, length: number): void {
    if (length > this.#buffer.length) {
      const doubled = Math.min(this.#buffer.length * 2, this.#bounds.sizeBytesMax);
      const grown = Buffer.allocUnsafe(Math.max(length, doubled, FIRST_CAPACITY_BYTES));
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  #cut(bytes: Uint8Array): void {
    const { headBytes, tailBytes } = this.#bounds;
    const kept = this.#buffer.subarray(0, this.#length);
    const head = Buffer.concat([kept.subarray(0, headBytes), bytes.subarray(0, Math.max(0, headBytes - kept.length))]);
    const missingBytes = Math.max(0, tailBytes - bytes.length);
    const older = kept.subarray(Math.max(headBytes, kept.length - missingBytes));
    const newer = bytes.subarray(Math.max(0, bytes.length - tailBytes));
    this.#buffer = Buffer.concat([head, older, newer]);
    this.#length = this.#buffer.length;
    this.#isCut = true;
  }
}
