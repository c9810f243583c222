import { FramingError } from './framing-error.js';
import { GrowingBuffer } from './growing-buffer.js';
import { COLON } from './json-skip.js';

/** A longer event, or a longer line of any kind, is refused. */
export const SSE_EVENT_BYTES_MAX = 8 << 20;

const LF = 0x0a;
const CR = 0x0d;
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
  /** Of the chunk before: a line feed that comes next belongs to it. */
  #endsWithCr = false;
  /** The beginning of a line whose end has not arrived yet. */
  readonly #line = new GrowingBuffer();
  #isFirstLine = true;
  #type = '';
  #data: string | undefined;
  #dataBytes = 0;

  constructor(private readonly onEvent: (event: SseEvent) => void) {}

  /** The chunk may be reused after return. @throws {FramingError} when an event is larger than {@link SSE_EVENT_BYTES_MAX} */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    if (bytes.length === 0) return;
    let start = this.#endsWithCr && bytes[0] === LF ? 1 : 0;
    this.#endsWithCr = bytes.at(-1) === CR;
    // The next of each kind; kept until it is passed, so that no byte is searched twice for one.
    let [lf, cr] = [-1, -1];
    while (start < bytes.length) {
      let end = start;
      // Every other line is blank: one look is cheaper than two native searches.
      if (bytes[start] !== LF && bytes[start] !== CR) {
        if (lf < start) lf = find(bytes, LF, start);
        if (cr < start) cr = find(bytes, CR, start);
        end = Math.min(lf, cr);
      }
      this.#checkSize(this.#line.length + end - start);
      if (end === bytes.length) {
        this.#line.append(bytes.subarray(start));
        return;
      }
      if (this.#line.length === 0) {
        this.#readLine(bytes, start, end);
      } else {
        this.#line.append(bytes.subarray(start, end));
        this.#readOpenLine();
      }
      start = end + (bytes[end] === CR && bytes[end + 1] === LF ? 2 : 1);
    }
  }

  /** The stream is over, complete or not. */
  end(): void {
    if (this.#line.length > 0) this.#readOpenLine();
    this.#dispatch();
  }

  #checkSize(lineBytes: number): void {
    if (this.#dataBytes + lineBytes <= SSE_EVENT_BYTES_MAX) return;
    throw new FramingError(`server-sent event is larger than ${SSE_EVENT_BYTES_MAX} bytes`);
  }

  #readOpenLine(): void {
    const line = this.#line.take();
    this.#readLine(line, 0, line.length);
  }

  /** Reads by offsets: views of each line and of its value would take as long as all the rest. */
  #readLine(bytes: Buffer, lineStart: number, end: number): void {
    const start = this.#isFirstLine ? afterBom(bytes, lineStart) : lineStart;
    this.#isFirstLine = false;
    if (start === end) {
      this.#dispatch();
      return;
    }
    const dataStart = valueStart(bytes, start, end, DATA);
    if (dataStart !== -1) {
      const data = bytes.toString('utf8', dataStart, end);
      this.#dataBytes += end - dataStart + 1;
      this.#data = this.#data === undefined ? data : `${this.#data}\n${data}`;
      return;
    }
    const typeStart = valueStart(bytes, start, end, EVENT);
    if (typeStart !== -1) this.#type = bytes.toString('utf8', typeStart, end);
  }

  #dispatch(): void {
    const [type, data] = [this.#type, this.#data];
    this.#type = '';
    this.#data = undefined;
    this.#dataBytes = 0;
    if (data !== undefined) this.onEvent({ type, data });
  }
}

/** The length of the bytes when there is none. */
function find(bytes: Buffer, byte: number, start: number): number {
  const offset = bytes.indexOf(byte, start);
  return offset === -1 ? bytes.length : offset;
}

const afterBom = (bytes: Buffer, start: number) =>
  bytes.subarray(start, start + BOM.length).equals(BOM) ? start + BOM.length : start;

/**
 * Where the value begins that the line from `start` to `end` gives a field; -1 when it is about another one. A line of the
 * name alone gives ''.
 */
function valueStart(bytes: Buffer, start: number, end: number, name: Buffer): number {
  const colon = start + name.length;
  if (colon > end) return -1;
  for (let index = 0; index < name.length; index++) {
    if (bytes[start + index] !== name[index]) return -1;
  }
  if (colon === end) return end;
  if (bytes[colon] !== COLON) return -1;
  // What follows the line is a line feed or nothing, never a space.
  return bytes[colon + 1] === SPACE ? colon + 2 : colon + 1;
}
