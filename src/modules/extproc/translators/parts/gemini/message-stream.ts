import type { JsonObject } from '../../../codec/json-value.js';
import type { ResponseFacts, TranslatorEnv } from '../../translator.js';
import type { MessageStreamReader } from '../messages/message-stream.js';
import type { MessageStreamWriter } from '../messages/message-stream-writer.js';
import { readAnswer } from './answer.js';
import { AnswerDecoder } from './answer-decoder.js';
import { googleErrorIn, statusOf } from './error.js';
import { MessageAnswer, streamSink } from './message-answer.js';
import { messageErrorType } from './message-error.js';

/**
 * Reads a streamed answer for a client of Anthropic. Gemini marks no end: the message is finished at the end of the bytes,
 * if it told why it ends. @see spec translators.md 18.2.6, "Stream step"
 */
export class GeminiMessageStream implements MessageStreamReader {
  readonly #writer: MessageStreamWriter;
  readonly #answer: MessageAnswer;
  readonly #decoder = new AnswerDecoder((object) => this.#on(object));
  #model: string | undefined;

  constructor(writer: MessageStreamWriter, env: TranslatorEnv) {
    this.#writer = writer;
    this.#answer = new MessageAnswer(streamSink(writer), env);
  }

  get facts(): ResponseFacts {
    const { usage } = this.#answer;
    return { ...(usage ? { usage } : {}), ...(this.#model === undefined ? {} : { model: this.#model }) };
  }

  push(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
  }

  end(): void {
    this.#decoder.end();
    if (!this.#answer.isComplete) return;
    // Its blocks are out: a stream that went wrong can only be ended.
    this.#writer.finish(this.#answer.stopReason ?? 'end_turn', undefined, this.#answer.usage ?? {});
  }

  #on(object: JsonObject): void {
    if (this.#writer.isEnded) return;
    const error = googleErrorIn(object);
    if (error) {
      this.#writer.error(messageErrorType(error, statusOf(error)), error.message);
      return;
    }
    const answer = readAnswer(object);
    this.#model ??= answer.model;
    this.#answer.addUsage(answer);
    this.#writer.start({ model: answer.model, usage: this.#answer.usage });
    this.#answer.addContent(answer);
  }
}
