import { FramingError } from '../../../codec/framing-error.js';
import { GrowingBuffer } from '../../../codec/growing-buffer.js';
import { SSE_EVENT_BYTES_MAX } from '../../../codec/sse-decoder.js';

const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, 0x7b, 0x7d];

/**
 * Cuts JSON objects out of bytes that hold nothing else but them: one behind the other, or as the items of an array. It
 * looks at braces and strings only; whether an object is JSON is seen by who parses it.
 */
export class BareObjects {
  readonly #object = new GrowingBuffer();
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  constructor(private readonly onObject: (text: string) => void) {}

  /** The chunk may be reused after return. @throws {FramingError} for an object as large as no event may be */
  push(chunk: Uint8Array): void {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (!this.#read(chunk[at]!)) continue;
      if (this.#depth > 0) {
        start = at;
      } else {
        this.#keep(chunk.subarray(start, at + 1));
        this.onObject(this.#object.take().toString());
      }
    }
    if (this.#depth > 0) this.#keep(chunk.subarray(start));
  }

  /** @throws {FramingError} when an object is not complete */
  end(): void {
    if (this.#depth > 0) throw new FramingError('the stream ended inside of a JSON object');
  }

  /** True at the brackets of an outermost object. */
  #read(byte: number): boolean {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#isInString = false;
      return false;
    }
    if (byte === QUOTE) this.#isInString = this.#depth > 0;
    else if (byte === OPEN) return ++this.#depth === 1;
    else if (byte === CLOSE && this.#depth > 0) return --this.#depth === 0;
    return false;
  }

  #keep(bytes: Uint8Array): void {
    if (this.#object.length + bytes.length > SSE_EVENT_BYTES_MAX) {
      throw new FramingError(`object of the stream is larger than ${SSE_EVENT_BYTES_MAX} bytes`);
    }
    this.#object.append(bytes);
  }
}
