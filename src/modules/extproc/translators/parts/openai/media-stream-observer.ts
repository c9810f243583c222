import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { readJson, readString } from '../../../codec/json-scan.js';
import { OPEN_BRACE, QUOTE } from '../../../codec/json-skip.js';
import { NewlineNormalizer } from '../../../codec/newlines.js';
import { parseMediaUsage, scanLeniently } from '../../../codec/usage.js';
import { KeptBody } from '../kept-body.js';
import type { ResponseFacts, ResponseObserver } from '../../translator.js';

const LF = 0x0a;
const NEWLINE = Buffer.from('\n');
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const DATA = Buffer.from('data:');
/** As much of a line as tells whether it holds data. */
const LINE_HEAD_BYTES = BOM.length + DATA.length;
const USAGE_KEY = Buffer.from('usage"');
/** A member, or the type of an event. */
const ERROR_TEXT = Buffer.from('error"');

/**
 * Reads the usage of a stream of image or audio events: `image_generation.completed`, `image_edit.completed`,
 * `transcript.text.done` and `speech.audio.done` have it. An event holds a whole image, many times larger than what the scan
 * of text streams looks at; of such a one the end is kept, where the usage stands. @see spec translators.md 18.5, G11, G26
 */
export class MediaStreamObserver implements ResponseObserver {
  readonly #newlines = new NewlineNormalizer();
  /** The data of the open event; undefined while it has none. */
  #data: KeptBody | undefined;
  #line: 'unknown' | 'data' | 'other' = 'unknown';
  /** Beginning of an unknown line. */
  #lineHead: Uint8Array = Buffer.alloc(0);
  #isFirstLine = true;
  #usage: TokenUsage | undefined;
  #hasError = false;

  /** The chunk must stay as it is until its event has ended. */
  push(chunk: Uint8Array): void {
    const bytes = this.#newlines.push(chunk);
    let start = 0;
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
      this.#extendLine(bytes.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    this.#extendLine(bytes.subarray(start));
  }

  end(): void {
    if (this.#lineHead.length > 0) this.#beginLine(this.#lineHead);
    this.#endEvent();
  }

  get facts(): ResponseFacts {
    return this.#usage ? { usage: this.#usage } : {};
  }

  /** Only the last event has it. */
  get isUsageFinal(): boolean {
    return this.#usage !== undefined;
  }

  get hasError(): boolean {
    return this.#hasError;
  }

  #extendLine(bytes: Buffer): void {
    if (this.#line === 'data') this.#data?.push(bytes);
    if (this.#line !== 'unknown') return;
    const line = this.#lineHead.length === 0 ? bytes : Buffer.concat([this.#lineHead, bytes]);
    if (line.length < LINE_HEAD_BYTES) this.#lineHead = Uint8Array.from(line);
    else this.#beginLine(line);
  }

  /** `line` is enough of it, or all. */
  #beginLine(line: Uint8Array): void {
    const bytes = Buffer.from(line.buffer, line.byteOffset, line.length);
    const start = this.#isFirstLine && bytes.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0;
    const value = start + DATA.length;
    this.#lineHead = Buffer.alloc(0);
    this.#line = bytes.subarray(start, value).equals(DATA) ? 'data' : 'other';
    if (this.#line === 'other') return;
    if (this.#data) this.#data.push(NEWLINE);
    else this.#data = new KeptBody();
    this.#data.push(bytes.subarray(value));
  }

  #endLine(): void {
    if (this.#lineHead.length > 0) this.#beginLine(this.#lineHead);
    else if (this.#line === 'unknown') this.#endEvent();
    this.#line = 'unknown';
    this.#isFirstLine = false;
  }

  #endEvent(): void {
    const kept = this.#data?.take();
    this.#data = undefined;
    if (kept === undefined) return;
    const event = Buffer.from(kept.buffer, kept.byteOffset, kept.length);
    // Most events are pieces of media: found by a native search, they need not be scanned.
    if (!event.includes(USAGE_KEY) && !event.includes(ERROR_TEXT)) return;
    const members = scanLeniently(event, ['type', 'usage', 'error']);
    if (members === undefined) return;
    const [type, usage, error] = ['type', 'usage', 'error'].map((name) => members.get(name)?.at(-1));
    const first = event[error?.start ?? event.length];
    if (first === OPEN_BRACE || first === QUOTE || (type && readString(event, type) === 'error')) this.#hasError = true;
    const counters = usage ? parseMediaUsage(readJson(event, usage)) : {};
    if (Object.keys(counters).length > 0) this.#usage = { ...this.#usage, ...counters };
  }
}
