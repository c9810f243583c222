import type { ResponseFacts, TranslatorEnv } from '../../translator.js';
import type { ChatStreamReader } from '../chat/chat-backend.js';
import type { ChatEvent } from '../chat/chat-result.js';
import type { JsonObject } from '../../../codec/json-value.js';
import { readAnswer } from './answer.js';
import { AnswerDecoder } from './answer-decoder.js';
import { ChatAnswer } from './chat-answer.js';
import { googleErrorIn, providerErrorOf, statusOf } from './error.js';
import type { TextTrimming } from './text-trimmer.js';

/**
 * Reads a streamed answer. Gemini marks no end, and a finish reason is none (some models repeat it on every object): what
 * closes the answer comes at the end of the bytes. An error in the stream, or a stream that breaks off before its finish
 * reason, is told as an error (translators.md G7).
 */
export class GeminiChatStream implements ChatStreamReader {
  readonly #emit: (event: ChatEvent) => void;
  readonly #answer: ChatAnswer;
  readonly #decoder = new AnswerDecoder((object) => this.#on(object));
  #hasError = false;

  constructor(trimming: TextTrimming, env: TranslatorEnv, emit: (event: ChatEvent) => void) {
    this.#emit = emit;
    this.#answer = new ChatAnswer(trimming, env, emit);
  }

  readonly isUsageFinal = false;

  get hasError(): boolean {
    return this.#hasError;
  }

  get facts(): ResponseFacts {
    const { usage } = this.#answer;
    return usage ? { usage } : {};
  }

  push(chunk: Uint8Array): void {
    if (!this.#hasError) this.#decoder.push(chunk);
  }

  end(): void {
    if (!this.#hasError) this.#decoder.end();
    if (this.#hasError) return;
    if (this.#answer.isBegun && !this.#answer.isComplete) {
      this.#fail({
        type: 'BadGateway',
        message: "the provider's stream ended before it told why the answer ends",
        status: 502,
      });
      return;
    }
    this.#answer.close();
    this.#emit({ kind: 'done' });
  }

  #on(object: JsonObject): void {
    if (this.#hasError) return;
    const error = googleErrorIn(object);
    if (error) this.#fail(providerErrorOf(error, statusOf(error)));
    else this.#answer.add(readAnswer(object));
  }

  #fail(error: Extract<ChatEvent, { kind: 'error' }>['error']): void {
    this.#hasError = true;
    this.#emit({ kind: 'error', error });
    this.#emit({ kind: 'done' });
  }
}
