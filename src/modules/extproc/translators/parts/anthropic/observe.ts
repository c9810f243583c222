import { memberRanges, readJson, readString, type MemberRanges } from '../../../codec/json-scan.js';
import { OPEN_BRACE } from '../../../codec/json-skip.js';
import { SseScanner, type SseEventReader } from '../../../codec/sse-scanner.js';
import { scanLeniently } from '../../../codec/usage.js';
import { KeptBody } from '../kept-body.js';
import type { ResponseFacts, ResponseObserver } from '../../translator.js';
import { mergeCumulative, readAnthropicUsage, toTokenUsage, type AnthropicCounters } from './usage.js';

/** Reads usage and model of one whole message. */
export class AnthropicWholeObserver implements ResponseObserver {
  readonly isUsageFinal = false;
  readonly hasError = false;
  readonly #body = new KeptBody();
  #facts: ResponseFacts = {};

  push(chunk: Uint8Array): void {
    this.#body.push(chunk);
  }

  end(): void {
    const bytes = this.#body.take();
    const members = scanLeniently(bytes, ['model', 'usage']);
    if (members) this.#facts = factsOf(countersOf(bytes, members), textOf(bytes, members, 'model'));
  }

  get facts(): ResponseFacts {
    return this.#facts;
  }
}

/**
 * Reads usage and model of an event stream: `message_start` tells the model and what was read, `message_delta` the
 * cumulative counters. @see spec translators.md section 4, "Streaming extras", and 11.1
 */
export class AnthropicStreamObserver implements ResponseObserver, SseEventReader {
  readonly endMarker = Buffer.from('message_stop"');
  readonly #scanner = new SseScanner(this);
  #hasStarted = false;
  #hasError = false;
  #isFinal = false;
  #model: string | undefined;
  #counters: AnthropicCounters = {};

  push(chunk: Uint8Array): void {
    this.#scanner.push(chunk);
  }

  end(): void {
    this.#scanner.end();
  }

  get facts(): ResponseFacts {
    return factsOf(this.#counters, this.#model);
  }

  get isUsageFinal(): boolean {
    return this.#isFinal && Object.keys(this.#counters).length > 0;
  }

  get hasError(): boolean {
    return this.#hasError;
  }

  /** Some servers send pings before `message_start`. */
  get wantsFirstEvents(): boolean {
    return !this.#hasStarted;
  }

  onData(data: Buffer): void {
    const members = scanLeniently(data, ['type', 'message', 'usage', 'error']);
    if (members === undefined) return;
    switch (textOf(data, members, 'type')) {
      case 'message_start':
        this.#onStart(data, members);
        break;
      case 'message_delta':
        if (!members.has('usage')) return;
        this.#counters = mergeCumulative(this.#counters, countersOf(data, members));
        this.#isFinal = true;
        break;
      case 'message_stop':
        this.#isFinal = true;
        break;
      case 'error':
        this.#hasError = true;
        break;
      default:
        // Proxies in front of a provider send errors without a type.
        if (data[members.get('error')?.at(-1)?.start ?? data.length] === OPEN_BRACE) this.#hasError = true;
    }
  }

  #onStart(data: Buffer, members: MemberRanges): void {
    this.#hasStarted = true;
    const message = members.get('message')?.at(-1);
    if (message === undefined) return;
    const started = memberRanges(data, message, ['model', 'usage']);
    this.#model = textOf(data, started, 'model') || this.#model;
    this.#counters = { ...this.#counters, ...countersOf(data, started) };
  }
}

function factsOf(counters: AnthropicCounters, model: string | undefined): ResponseFacts {
  const usage = toTokenUsage(counters);
  return { ...(Object.keys(usage).length > 0 ? { usage } : {}), ...(model ? { model } : {}) };
}

function countersOf(bytes: Uint8Array, members: MemberRanges): AnthropicCounters {
  const range = members.get('usage')?.at(-1);
  return range ? readAnthropicUsage(readJson(bytes, range)) : {};
}

function textOf(bytes: Uint8Array, members: MemberRanges, name: string): string | undefined {
  const range = members.get(name)?.at(-1);
  return range ? readString(bytes, range) : undefined;
}
