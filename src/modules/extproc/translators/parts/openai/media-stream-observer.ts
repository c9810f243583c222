import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { readJson, readString } from '../../../codec/json-scan.js';
import { OPEN_BRACE, QUOTE } from '../../../codec/json-skip.js';
import { SseScanner, type LargeEvent, type SseEventReader } from '../../../codec/sse-scanner.js';
import { parseMediaUsage, scanLeniently } from '../../../codec/usage.js';
import type { ResponseFacts, ResponseObserver } from '../../translator.js';

/**
 * Reads the usage of a stream of image or audio events: `image_generation.completed`, `image_edit.completed`,
 * `transcript.text.done` and `speech.audio.done` have it, the first two behind a whole image. @see spec translators.md 18.5,
 * G11, G26
 */
export class MediaStreamObserver implements ResponseObserver, SseEventReader {
  /** The type of a failure, which no search for a member finds. */
  readonly endMarker = Buffer.from('error"');
  readonly wantsFirstEvents = false;
  readonly #scanner = new SseScanner(this);
  #usage: TokenUsage | undefined;
  #hasError = false;

  push(chunk: Uint8Array): void {
    this.#scanner.push(chunk);
  }

  end(): void {
    this.#scanner.end();
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

  onData(data: Buffer): void {
    const members = scanLeniently(data, ['type', 'usage', 'error']);
    if (members === undefined) return;
    const [type, usage, error] = ['type', 'usage', 'error'].map((name) => members.get(name)?.at(-1));
    const first = data[error?.start ?? data.length];
    if (first === OPEN_BRACE || first === QUOTE || (type && readString(data, type) === 'error')) this.#hasError = true;
    if (usage) this.#onUsage(readJson(data, usage));
  }

  onLargeEvent({ usage }: LargeEvent): void {
    this.#onUsage(usage);
  }

  #onUsage(value: unknown): void {
    const counters = parseMediaUsage(value);
    if (Object.keys(counters).length > 0) this.#usage = { ...this.#usage, ...counters };
  }
}
