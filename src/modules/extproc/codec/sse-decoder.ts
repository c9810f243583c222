import { FramingError } from './framing-error.js';
import { GrowingBuffer } from './growing-buffer.js';
import { COLON } from './json-skip.js';
import { NewlineNormalizer } from './newlines.js';

/** A longer event, or a longer line of any kind, is refused. */
export const SSE_EVENT_BYTES_MAX = 8 << 20;

const LF = 0x0a;
const SPACE = 0x20;
const DATA = Buffer.from('data');
const EVENT = Buffer.from('event');
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

export interface SseEvent {
  /** Of the `event:` line; '' when there is none. */
  readonly type: string;
  /** The data lines, joined with line feeds. Bytes that are not UTF-8 read as U+FFFD. */
  readonly data: string;
}

/**
 * Bytes of an event stream to its events, as the SSE standard reads them: LF, CR and CRLF, comments, several data lines, a
 * byte order mark; events without data are none. In one thing it differs: an event that the stream ends without a blank
 * line counts (translators.md G15). Any cut of the bytes gives the same events, each as soon as its blank line is there.
 * After an error, its own or one of `onEvent`, the decoder must not be used again.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class SseDecoder {
  readonly #newlines = new NewlineNormalizer();
  /** The beginning of a line whose end has not arrived yet. */
  readonly #line = new GrowingBuffer();
  #isFirstLine = true;
  #type = '';
  #data: string | undefined;
  #dataBytes = 0;

  constructor(private readonly onEvent: (event: SseEvent) => void) {}

  /** The chunk may be reused after return. @throws {FramingError} when an event is larger than {@link SSE_EVENT_BYTES_MAX} */
  push(chunk: Uint8Array): void {
    const bytes = this.#newlines.push(chunk);
    let start = 0;
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
      const rest = bytes.subarray(start, end);
      start = end + 1;
      this.#checkSize(this.#line.length + rest.length);
      if (this.#line.length === 0) {
        this.#readLine(rest);
      } else {
        this.#line.append(rest);
        this.#readLine(this.#line.take());
      }
    }
    this.#checkSize(this.#line.length + bytes.length - start);
    this.#line.append(bytes.subarray(start));
  }

  /** The stream is over, complete or not. */
  end(): void {
    if (this.#line.length > 0) this.#readLine(this.#line.take());
    this.#dispatch();
  }

  #checkSize(lineBytes: number): void {
    if (this.#dataBytes + lineBytes <= SSE_EVENT_BYTES_MAX) return;
    throw new FramingError(`server-sent event is larger than ${SSE_EVENT_BYTES_MAX} bytes`);
  }

  #readLine(bytes: Buffer): void {
    const line = this.#isFirstLine && bytes.subarray(0, BOM.length).equals(BOM) ? bytes.subarray(BOM.length) : bytes;
    this.#isFirstLine = false;
    if (line.length === 0) {
      this.#dispatch();
      return;
    }
    const data = fieldValue(line, DATA);
    if (data !== undefined) {
      this.#dataBytes += data.length + 1;
      this.#data = this.#data === undefined ? data.toString() : `${this.#data}\n${data.toString()}`;
      return;
    }
    const type = fieldValue(line, EVENT);
    if (type !== undefined) this.#type = type.toString();
  }

  #dispatch(): void {
    const [type, data] = [this.#type, this.#data];
    this.#type = '';
    this.#data = undefined;
    this.#dataBytes = 0;
    if (data !== undefined) this.onEvent({ type, data });
  }
}

/** What a line gives a field; undefined when it is about another one. A line of the name alone gives ''. */
function fieldValue(line: Buffer, name: Buffer): Buffer | undefined {
  const colon = name.length;
  if (line[0] !== name[0] || !line.subarray(0, colon).equals(name)) return undefined;
  if (line.length === colon) return line.subarray(colon);
  if (line[colon] !== COLON) return undefined;
  return line.subarray(line[colon + 1] === SPACE ? colon + 2 : colon + 1);
}
