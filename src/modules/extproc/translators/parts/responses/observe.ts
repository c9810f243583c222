import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { memberRanges, readJson, readString, type MemberRanges } from '../../../codec/json-scan.js';
import { OPEN_BRACE } from '../../../codec/json-skip.js';
import { SseScanner, type LargeEvent, type SseEventReader } from '../../../codec/sse-scanner.js';
import { counterOf, scanLeniently } from '../../../codec/usage.js';
import { KeptBody } from '../kept-body.js';
import type { ResponseFacts, ResponseObserver } from '../../translator.js';
import { readResponsesUsage } from './usage.js';

const FINAL_TYPES: ReadonlySet<string> = new Set(['response.completed', 'response.incomplete', 'response.failed']);
const TYPES_WITH_RESPONSE: ReadonlySet<string> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  ...FINAL_TYPES,
]);

/**
 * Reads usage and model of a stream of Responses events: every event that holds a response object may tell the model, the
 * last one tells the usage. Events that cannot be read are passed over (translators.md G11). @see spec translators.md 9.1
 */
export class ResponsesStreamObserver implements ResponseObserver, SseEventReader {
  /**
   * Every response object has the key and the event of a failure has it as its type (`"type":"error"`), which no search for
   * a member finds.
   */
  readonly endMarker = Buffer.from('error"');
  readonly #scanner = new SseScanner(this);
  #model: string | undefined;
  #usage: TokenUsage | undefined;
  #hasError = false;
  #isFinal = false;

  push(chunk: Uint8Array): void {
    this.#scanner.push(chunk);
  }

  end(): void {
    this.#scanner.end();
  }

  get facts(): ResponseFacts {
    return factsOf(this.#model, this.#usage);
  }

  get hasError(): boolean {
    return this.#hasError;
  }

  get isUsageFinal(): boolean {
    return this.#isFinal && this.#usage !== undefined;
  }

  get wantsFirstEvents(): boolean {
    return this.#model === undefined;
  }

  onData(data: Buffer): void {
    const members = scanLeniently(data, ['type', 'response', 'error']);
    if (members === undefined) return;
    const type = textOf(data, members, 'type') ?? '';
    if (TYPES_WITH_RESPONSE.has(type)) this.#onResponse(data, members);
    // Proxies in front of a provider send errors without a type.
    else if (type === 'error' || data[members.get('error')?.at(-1)?.start ?? data.length] === OPEN_BRACE)
      this.#hasError = true;
    this.#onType(type);
  }

  /** The final event repeats the whole answer, with the images in it; the usage stands behind them. */
  onLargeEvent({ type, usage }: LargeEvent): void {
    if (!TYPES_WITH_RESPONSE.has(type)) return;
    this.#usage = { ...this.#usage, ...readResponsesUsage(usage) };
    this.#onType(type);
  }

  #onType(type: string): void {
    this.#isFinal ||= FINAL_TYPES.has(type);
    this.#hasError ||= type === 'response.failed';
  }

  #onResponse(data: Buffer, members: MemberRanges): void {
    const response = members.get('response')?.at(-1);
    if (response === undefined) return;
    const told = memberRanges(data, response, ['model', 'usage']);
    this.#model = textOf(data, told, 'model') || this.#model;
    const usage = usageOf(data, told);
    if (usage) this.#usage = { ...this.#usage, ...usage };
  }
}

/** Reads one whole answer. Bytes that are not one JSON object give no facts (translators.md G11). */
export class WholeObserver implements ResponseObserver {
  readonly isUsageFinal = false;
  readonly hasError = false;
  readonly #body = new KeptBody();
  readonly #read: (body: Uint8Array) => ResponseFacts;
  #facts: ResponseFacts = {};

  /** @param read {@link readResponse} or {@link readInputTokens} */
  constructor(read: (body: Uint8Array) => ResponseFacts) {
    this.#read = read;
  }

  push(chunk: Uint8Array): void {
    this.#body.push(chunk);
  }

  end(): void {
    this.#facts = this.#read(this.#body.take());
  }

  get facts(): ResponseFacts {
    return this.#facts;
  }
}

/** Usage and model of a response object. */
export function readResponse(body: Uint8Array): ResponseFacts {
  const members = scanLeniently(body, ['model', 'usage']);
  return members ? factsOf(textOf(body, members, 'model'), usageOf(body, members)) : {};
}

/** The count of a `{"object":"response.input_tokens","input_tokens":n}`. @see spec translators.md 9.3 */
export function readInputTokens(body: Uint8Array): ResponseFacts {
  const range = scanLeniently(body, ['input_tokens'])?.get('input_tokens')?.at(-1);
  const counter = range && counterOf(readJson(body, range));
  return counter === undefined ? {} : { usage: { inputTokens: counter } };
}

function factsOf(model: string | undefined, usage: TokenUsage | undefined): ResponseFacts {
  return { ...(usage ? { usage } : {}), ...(model ? { model } : {}) };
}

/** Undefined when no counter was reported. */
function usageOf(bytes: Uint8Array, members: MemberRanges): TokenUsage | undefined {
  const range = members.get('usage')?.at(-1);
  const usage = range && readResponsesUsage(readJson(bytes, range));
  return usage && Object.keys(usage).length > 0 ? usage : undefined;
}

function textOf(bytes: Uint8Array, members: MemberRanges, name: string): string | undefined {
  const range = members.get(name)?.at(-1);
  return range ? readString(bytes, range) : undefined;
}
