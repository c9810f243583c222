import { EventTail } from './event-tail.js';
import { COLON, QUOTE } from './json-skip.js';
import { NewlineNormalizer } from './newlines.js';
import { USAGE_TAIL_BYTES, readLastUsage } from './usage-tail.js';

/** Of a larger event only the type and the usage are read, however it is cut. */
export const EVENT_BYTES_MAX = 1 << 20;
/** As much of a large event as tells its type. */
const EVENT_HEAD_BYTES = 1024;
const EVENT_TYPE = /"type"\s*:\s*"([^"\\]*)"/;
/** How many events at the beginning a reader may ask for: some servers never tell what it waits for. */
const FIRST_EVENTS_MAX = 16;

const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const LETTER_N = 0x6e;
const NEWLINE = Buffer.from('\n');
const BLANK_LINE = Buffer.from('\n\n');
const DATA = Buffer.from('data');
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
// Searched without the opening quote: the search looks for the first byte, and quotes are everywhere in JSON (3× faster).
const USAGE_KEY = Buffer.from('usage"');
const ERROR_KEY = Buffer.from('error"');

/** What one API family says in its events. */
export interface SseEventReader {
  /** Text that the event at the end of a stream holds, e.g. `[DONE]`. */
  readonly endMarker: Buffer;
  /** While true, the first events are read whatever they hold. */
  readonly wantsFirstEvents: boolean;
  /** The data lines of one event, joined with line feeds; valid during the call only. */
  onData(data: Buffer): void;
  /** An event of more than {@link EVENT_BYTES_MAX} bytes, e.g. with an image in it, that ends with `usage`. */
  onLargeEvent?(event: LargeEvent): void;
}

export interface LargeEvent {
  /** The first member `type`; '' when it does not stand at the beginning. */
  readonly type: string;
  /** The last member `usage` as objects. */
  readonly usage: unknown;
}

/**
 * Scans an event stream that is passed through: finds the events that report usage, an error or the end by a native search
 * and hands no others to the reader, but for the first ones. Any cut of the stream gives the same calls. Line ends,
 * comments, several data lines and a byte order mark are read as the SSE standard says; an event without the final blank
 * line counts at `end()` (translators.md G15). A key that is spelled with unicode escapes is not found.
 * @see spec extproc.md X52, translators.md 5.1; https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class SseScanner {
  /** One more byte than is read, for the line end that may turn out to begin the blank line. */
  readonly #tail = new EventTail({
    sizeBytesMax: EVENT_BYTES_MAX + 1,
    headBytes: EVENT_HEAD_BYTES,
    tailBytes: USAGE_TAIL_BYTES + 1,
  });
  readonly #newlines = new NewlineNormalizer();
  #firstEvents = 0;

  constructor(private readonly reader: SseEventReader) {}

  /** The chunk may be reused after return. */
  push(chunk: Uint8Array): void {
    const bytes = this.#newlines.push(chunk);
    if (bytes.length === 0) return;
    let start = 0;
    if (this.#tail.isOpen) {
      const end = this.#tail.endsWithNewline && bytes[0] === LF ? 0 : bytes.indexOf(BLANK_LINE);
      this.#tail.append(end === -1 ? bytes : bytes.subarray(0, end));
      if (end === -1) return;
      this.#readTail();
      start = end;
    }
    start = skipNewlines(bytes, start);
    const end = bytes.lastIndexOf(BLANK_LINE);
    if (end >= start) {
      this.#readEvents(bytes.subarray(start, end));
      start = skipNewlines(bytes, end);
    }
    this.#tail.append(bytes.subarray(start));
  }

  /** The stream is over, complete or not. */
  end(): void {
    if (this.#tail.isOpen) this.#readTail();
  }

  #readTail(): void {
    const { isCut } = this.#tail;
    const event = this.#tail.take();
    if (isCut) this.#readLargeEvent(withoutNewline(event));
    else this.#readEvents(event);
  }

  /** `bytes` holds whole events between blank lines. */
  #readEvents(bytes: Buffer): void {
    let offset = 0;
    while (offset < bytes.length && this.reader.wantsFirstEvents && this.#firstEvents < FIRST_EVENTS_MAX) {
      const end = eventEnd(bytes, offset);
      this.#readEvent(bytes.subarray(offset, end));
      offset = skipNewlines(bytes, end);
    }
    let usage = findMember(bytes, USAGE_KEY, offset);
    let error = findMember(bytes, ERROR_KEY, offset);
    let end = find(bytes, this.reader.endMarker, offset);
    for (;;) {
      const hit = Math.min(usage, error, end);
      if (hit === Infinity) return;
      const blankLine = bytes.lastIndexOf(BLANK_LINE, hit);
      const stop = eventEnd(bytes, hit);
      this.#readEvent(bytes.subarray(blankLine === -1 ? 0 : blankLine + BLANK_LINE.length, stop));
      if (usage < stop) usage = findMember(bytes, USAGE_KEY, stop);
      if (error < stop) error = findMember(bytes, ERROR_KEY, stop);
      if (end < stop) end = find(bytes, this.reader.endMarker, stop);
    }
  }

  #readEvent(event: Buffer): void {
    const bytes = withoutNewline(event);
    if (bytes.length > EVENT_BYTES_MAX) {
      this.#readLargeEvent(bytes);
      return;
    }
    const data = eventData(event);
    if (data.length === 0) return;
    this.#firstEvents++;
    this.reader.onData(data);
  }

  /** @param event All of it, or its beginning and its end. */
  #readLargeEvent(event: Buffer): void {
    const usage = readLastUsage(event.subarray(-USAGE_TAIL_BYTES));
    if (usage === undefined) return;
    const type = EVENT_TYPE.exec(event.toString('latin1', 0, EVENT_HEAD_BYTES))?.[1] ?? '';
    this.reader.onLargeEvent?.({ type, usage });
  }
}

const withoutNewline = (event: Buffer) => (event.at(-1) === LF ? event.subarray(0, -1) : event);

function skipNewlines(bytes: Uint8Array, start: number): number {
  let offset = start;
  while (bytes[offset] === LF) offset++;
  return offset;
}

function find(bytes: Buffer, text: Buffer, start: number): number {
  const offset = bytes.indexOf(text, start);
  return offset === -1 ? Infinity : offset;
}

function eventEnd(bytes: Buffer, start: number): number {
  const end = bytes.indexOf(BLANK_LINE, start);
  return end === -1 ? bytes.length : end;
}

/** Where the next member of that name with a value other than null is; many providers send `"usage":null` each time. */
function findMember(bytes: Buffer, key: Buffer, start: number): number {
  for (let hit = find(bytes, key, start); hit !== Infinity; hit = find(bytes, key, hit + key.length)) {
    if (bytes[hit - 1] !== QUOTE) continue;
    const colon = skipBlanks(bytes, hit + key.length);
    if (bytes[colon] === COLON && bytes[skipBlanks(bytes, colon + 1)] !== LETTER_N) return hit;
  }
  return Infinity;
}

/** Stays in its line: what follows a line feed may be another event, which is not there yet when the stream is cut. */
function skipBlanks(bytes: Buffer, start: number): number {
  let offset = start;
  while (bytes[offset] === SPACE || bytes[offset] === TAB) offset++;
  return offset;
}

/** The data lines of an event, joined with line feeds; a view of `event` when there is one line, as is usual. */
function eventData(event: Buffer): Buffer {
  const lines: Buffer[] = [];
  let start = event.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0;
  while (start < event.length) {
    const newline = event.indexOf(LF, start);
    const end = newline === -1 ? event.length : newline;
    const value = dataValue(event.subarray(start, end));
    if (value !== undefined) lines.push(value);
    start = end + 1;
  }
  const [first, ...others] = lines;
  if (first === undefined) return Buffer.alloc(0);
  return others.length === 0 ? first : Buffer.concat([first, ...others.flatMap((line) => [NEWLINE, line])]);
}

function dataValue(line: Buffer): Buffer | undefined {
  if (line.length <= DATA.length || line[DATA.length] !== COLON || !line.subarray(0, DATA.length).equals(DATA)) {
    return undefined;
  }
  const start = DATA.length + 1;
  return line.subarray(line[start] === SPACE ? start + 1 : start);
}
