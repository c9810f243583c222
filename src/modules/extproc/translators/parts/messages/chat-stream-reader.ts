import type { TokenUsage } from '../../../../../shared/token-usage.js';
import {
  arrayOf,
  isJsonArray,
  isJsonObject,
  numberOf,
  objectOf,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';
import { SseDecoder, type SseEvent } from '../../../codec/sse-decoder.js';
import { UpstreamAnswerError, type ResponseFacts, type TranslatorEnv } from '../../translator.js';
import { chatErrorOf } from './chat-error.js';
import { thinkingOf, toStopReason, toUsage } from './from-chat.js';
import type { MessageStreamReader } from './message-stream.js';
import type { MessageStreamWriter } from './message-stream-writer.js';

/**
 * Chunks of a chat completion as a message. What is remembered: model and usage as last told, the open call, how the answer
 * ended. The message is finished by the usage chunk, which has no choices, by `[DONE]`, or by the end of the bytes, but
 * only once the provider told a finish reason or `[DONE]`: a stream that was cut is no complete answer.
 * @see spec translators.md 11.5 and G20
 */
export class ChatStreamReader implements MessageStreamReader {
  readonly #env: TranslatorEnv;
  readonly #writer: MessageStreamWriter;
  readonly #decoder = new SseDecoder((event) => this.#onEvent(event));
  #model = '';
  #usage: TokenUsage | undefined;
  /** Index and id of the last call that was opened. */
  #call: { readonly index: number; readonly id: string } | undefined;
  #finishReason: string | undefined;
  #hasRefusal = false;

  constructor(env: TranslatorEnv, writer: MessageStreamWriter) {
    this.#env = env;
    this.#writer = writer;
  }

  get facts(): ResponseFacts {
    return { ...(this.#model ? { model: this.#model } : {}), ...(this.#usage ? { usage: this.#usage } : {}) };
  }

  push(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
  }

  end(): void {
    this.#decoder.end();
    if (this.#finishReason !== undefined) this.#finish();
  }

  #onEvent({ type, data }: SseEvent): void {
    // Whatever comes behind the end must not change what is known.
    if (this.#writer.isEnded) return;
    if (data === '[DONE]') {
      if (this.#writer.isStarted) this.#finish();
      return;
    }
    const chunk = objectIn(data);
    if (chunk === undefined) return;
    const { error } = chunk;
    if (type === 'error' || isJsonObject(error) || typeof error === 'string') {
      const told = chatErrorOf(chunk);
      this.#writer.error(told.type ?? 'api_error', told.message ?? 'the provider failed while it answered');
      return;
    }
    this.#onChunk(chunk);
  }

  #onChunk(chunk: JsonObject): void {
    this.#model ||= stringOf(chunk['model']) ?? '';
    this.#usage = toUsage(chunk['usage']) ?? this.#usage;
    const choices = chunk['choices'];
    if (!isJsonArray(choices)) return;
    const choice = choices.map(objectOf).find((found) => (numberOf(found['index']) ?? 0) === 0);
    if (choice === undefined) {
      if (this.#finishReason !== undefined && this.#usage !== undefined) this.#finish();
      return;
    }
    this.#writer.start({ id: stringOf(chunk['id']), model: this.#model });
    this.#onDelta(objectOf(choice['delta']));
    this.#finishReason = stringOf(choice['finish_reason']) ?? this.#finishReason;
  }

  #onDelta(delta: JsonObject): void {
    for (const piece of thinkingOf(delta)) {
      if (piece.type === 'redacted_thinking') {
        this.#writer.redactedThinking(piece.data);
      } else {
        this.#writer.thinking(piece.thinking);
        this.#writer.signature(piece.signature);
      }
    }
    this.#writer.text(stringOf(delta['content']) ?? '');
    const refusal = stringOf(delta['refusal']);
    if (refusal) {
      this.#hasRefusal = true;
      this.#writer.text(refusal);
    }
    for (const call of arrayOf(delta['tool_calls'])) this.#onCall(objectOf(call));
  }

  #onCall(call: JsonObject): void {
    const index = numberOf(call['index']) ?? this.#call?.index ?? 0;
    const id = stringOf(call['id']) ?? '';
    const called = objectOf(call['function']);
    if (this.#isNew(index, id)) {
      this.#call = { index, id };
      this.#writer.toolUse(id || this.#env.newId('toolu_'), stringOf(called['name']) ?? '');
    }
    this.#writer.toolInput(stringOf(called['arguments']) ?? '');
  }

  /** Some servers give all calls the same index, and tell them apart by id alone. */
  #isNew(index: number, id: string): boolean {
    if (this.#call === undefined || index > this.#call.index) return true;
    if (index < this.#call.index) {
      throw new UpstreamAnswerError(
        `a chunk goes on with tool call ${index} behind the begin of call ${this.#call.index}`,
      );
    }
    return id !== '' && id !== this.#call.id;
  }

  #finish(): void {
    const reason = this.#hasRefusal ? 'refusal' : toStopReason(this.#finishReason, this.#call !== undefined);
    this.#writer.finish(reason, undefined, this.#usage ?? {});
  }
}

/** Undefined for what is no JSON object: such events are passed over. */
function objectIn(data: string): JsonObject | undefined {
  try {
    // Nothing of it is handed on as a number, so that these need not keep their text.
    const value = JSON.parse(data) as JsonValue;
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
