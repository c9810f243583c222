import { FramingError } from '../../../codec/framing-error.js';
import { UpstreamAnswerError, type ResponseFacts, type ResponseHead, type StreamTranslator } from '../../translator.js';
import type { ChatExchange, ChatStreamReader } from './chat-backend.js';
import type { ChatEvent } from './chat-result.js';

/** One dialect's view of a streamed chat answer; made for one stream. */
export interface ChatEventEncoder {
  /** Text for the client, '' for nothing. Called with `done` last, exactly once; before it maybe with `error`. */
  on(event: ChatEvent): string;
}

/**
 * Rewrites a provider's stream with an encoder. Whatever the provider sends, the client gets a complete stream: what cannot
 * be read, and a stream without an answer, become an error event; nothing follows the end.
 */
export const streamOf = (exchange: ChatExchange, head: ResponseHead, encoder: ChatEventEncoder): StreamTranslator =>
  new ChatStream(exchange, head, encoder);

const NOTHING = new Uint8Array();

class ChatStream implements StreamTranslator {
  readonly #reader: ChatStreamReader;
  readonly #encoder: ChatEventEncoder;
  #out = '';
  /** The provider told something of an answer, or that there is none. */
  #hasAnswer = false;
  #isEnding = false;
  #isClosed = false;
  #hasFailed = false;

  constructor(exchange: ChatExchange, head: ResponseHead, encoder: ChatEventEncoder) {
    this.#encoder = encoder;
    this.#reader = exchange.stream(head, (event) => this.#on(event));
  }

  push(chunk: Uint8Array): Uint8Array {
    this.#read(() => this.#reader.push(chunk));
    return this.#take();
  }

  end(): Uint8Array {
    this.#isEnding = true;
    this.#read(() => this.#reader.end());
    if (!this.#isClosed) this.#close();
    return this.#take();
  }

  get facts(): ResponseFacts {
    return this.#reader.facts;
  }

  get isUsageFinal(): boolean {
    return this.#isClosed || this.#reader.isUsageFinal;
  }

  get hasError(): boolean {
    return this.#hasFailed || this.#reader.hasError;
  }

  #read(act: () => void): void {
    if (this.#isClosed) return;
    try {
      act();
    } catch (error) {
      if (!(error instanceof UpstreamAnswerError || error instanceof FramingError)) throw error;
      this.#fail(`the provider's stream cannot be read: ${error.message}`);
    }
  }

  #on(event: ChatEvent): void {
    if (this.#isClosed) return;
    if (event.kind === 'done') {
      this.#close();
      return;
    }
    this.#hasAnswer ||= this.#isAnswer(event);
    if (!this.#hasAnswer && this.#isEnding) return;
    if (event.kind !== 'error') {
      this.#out += this.#encoder.on(event);
      return;
    }
    const { usage } = this.#reader.facts;
    this.#out += this.#encoder.on({ ...event, ...(usage ? { usage } : {}) });
    this.#hasFailed = true;
    this.#close();
  }

  /** What a reader adds at the end to complete a stream is no answer by itself. */
  #isAnswer({ kind }: ChatEvent): boolean {
    if (kind === 'start' || kind === 'keep-alive') return false;
    return !this.#isEnding || (kind !== 'finish' && kind !== 'usage');
  }

  #close(): void {
    if (!this.#hasAnswer) {
      this.#fail('the provider ended its stream without an answer');
      return;
    }
    this.#isClosed = true;
    this.#out += this.#encoder.on({ kind: 'done' });
  }

  #fail(message: string): void {
    if (this.#isClosed) return;
    this.#hasAnswer = true;
    this.#on({ kind: 'error', error: { type: 'BadGateway', message, status: 502 } });
  }

  #take(): Uint8Array {
    if (this.#out === '') return NOTHING;
    const bytes = Buffer.from(this.#out);
    this.#out = '';
    return bytes;
  }
}
