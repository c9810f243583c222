import type { TokenUsage } from '../../../shared/token-usage.js';
import { CLOSE_BRACKET, OPEN_BRACE, QUOTE, skipSpace } from './json-skip.js';
import { SseScanner, type LargeEvent, type SseEventReader } from './sse-scanner.js';
import { parseOpenAIUsage, responseFacts, scanLeniently } from './usage.js';

const DONE = Buffer.from('[DONE]');

/**
 * Meters an OpenAI event stream that is passed through; of the first events the model is read as well. Any cut of the
 * stream gives the same result. Malformed events are ignored. @see SseScanner
 */
export class SseUsageScanner implements SseEventReader {
  readonly endMarker = DONE;
  readonly #scanner = new SseScanner(this);
  #usage: TokenUsage | undefined;
  #model: string | undefined;
  #isUsageFinal = false;
  #sawDone = false;
  #hasError = false;

  /** All that was reported so far; a counter that is reported again overwrites. */
  get usage(): TokenUsage | undefined {
    return this.#usage;
  }

  /** The last non-empty model among the events that were parsed. */
  get model(): string | undefined {
    return this.#model;
  }

  /** No later event should change the usage: it came with no choices, or the stream has ended or said so. */
  get isUsageFinal(): boolean {
    return this.#usage !== undefined && (this.#isUsageFinal || this.#sawDone);
  }

  /** An event of the form `{"error":…}` was seen. */
  get errorEvent(): boolean {
    return this.#hasError;
  }

  get wantsFirstEvents(): boolean {
    return this.#model === undefined;
  }

  /** The chunk may be reused after return. */
  push(chunk: Uint8Array): void {
    this.#scanner.push(chunk);
  }

  /** The stream is over, complete or not. */
  end(): void {
    this.#scanner.end();
    this.#isUsageFinal = true;
  }

  onData(data: Buffer): void {
    const first = skipSpace(data, 0);
    if (data[first] !== OPEN_BRACE) {
      const end = first + DONE.length;
      if (data.subarray(first, end).equals(DONE) && skipSpace(data, end) === data.length) this.#sawDone = true;
      return;
    }
    const members = scanLeniently(data, ['model', 'usage', 'choices', 'error']);
    if (members === undefined) return;
    const { model, usage } = responseFacts(data, members);
    this.#model = model ?? this.#model;
    const error = data[members.get('error')?.at(-1)?.start ?? data.length];
    if (error === OPEN_BRACE || error === QUOTE) this.#hasError = true;
    if (usage === undefined) return;
    this.#usage = { ...this.#usage, ...usage };
    const choices = members.get('choices')?.at(-1);
    this.#isUsageFinal = choices === undefined || data[skipSpace(data, choices.start + 1)] === CLOSE_BRACKET;
  }
  /** Whether it has choices is not known: a chunk with images has. */
  onLargeEvent({ usage }: LargeEvent): void {
    this.#usage = { ...this.#usage, ...parseOpenAIUsage(usage) };
    this.#isUsageFinal = false;
  }
}
