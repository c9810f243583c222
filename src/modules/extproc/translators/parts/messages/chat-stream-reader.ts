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
import type { ResponseFacts, TranslatorEnv } from '../../translator.js';
import { ChatBlockOrder, StreamedCall } from './chat-block-order.js';
import { chatErrorOf, isFailed } from './chat-error.js';
import { argumentsOf, contentText, thinkingOf, toStopReason, toUsage, type ThinkingPiece } from './from-chat.js';
import type { MessageStreamReader } from './message-stream.js';
import type { MessageStreamWriter } from './message-stream-writer.js';

/**
 * Chunks of a chat completion as a message. What is remembered: model and usage as last told, the calls, how the answer
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
  readonly #order: ChatBlockOrder;
  /** The last call of each index. */
  readonly #calls = new Map<number, StreamedCall>();
  #lastCall: StreamedCall | undefined;
  #finishReason: string | undefined;
  #hasRefusal = false;

  constructor(env: TranslatorEnv, writer: MessageStreamWriter) {
    this.#env = env;
    this.#writer = writer;
    this.#order = new ChatBlockOrder(writer);
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
    const { error, object } = chunk;
    // The last one is what older vLLMs write.
    if (type === 'error' || isJsonObject(error) || typeof error === 'string' || object === 'error') this.#fail(chunk);
    else this.#onChunk(chunk);
  }

  #fail(told: JsonObject): void {
    const { type, message } = chatErrorOf(told);
    this.#writer.error(type ?? 'api_error', message ?? 'the provider failed while it answered');
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
    if (isFailed(choice)) this.#fail(choice);
    this.#finishReason = stringOf(choice['finish_reason']) ?? this.#finishReason;
  }

  #onDelta(delta: JsonObject): void {
    for (const piece of thinkingOf(delta)) this.#onThinking(piece);
    this.#onText(contentText(delta));
    const refusal = stringOf(delta['refusal']) ?? '';
    if (refusal !== '') this.#hasRefusal = true;
    this.#onText(refusal);
    for (const call of arrayOf(delta['tool_calls'])) this.#onCall(objectOf(call));
  }

  #onThinking(piece: ThinkingPiece): void {
    if (piece.type === 'redacted_thinking') {
      this.#order.other(piece.data.length, () => this.#writer.redactedThinking(piece.data));
      return;
    }
    this.#order.other(piece.thinking.length + piece.signature.length, () => {
      this.#writer.thinking(piece.thinking);
      this.#writer.signature(piece.signature);
    });
  }

  #onText(text: string): void {
    if (text !== '') this.#order.other(text.length, () => this.#writer.text(text));
  }

  #onCall(told: JsonObject): void {
    const called = objectOf(told['function']);
    const name = stringOf(called['name']) ?? '';
    let call = this.#callOf(numberOf(told['index']), stringOf(told['id']) ?? '', name);
    if (call === undefined) {
      const index = numberOf(told['index']) ?? this.#calls.size;
      call = new StreamedCall(index, stringOf(told['id']) || this.#env.newId('toolu_'), name);
      this.#calls.set(index, call);
      this.#lastCall = call;
      this.#order.begin(call);
    }
    this.#order.goOn(call, argumentsOf(called));
  }

  /** The call that a delta goes on with. Some servers give all calls the same index, or none, and tell them apart by id. */
  #callOf(index: number | undefined, id: string, name: string): StreamedCall | undefined {
    const call = index === undefined ? this.#lastCall : this.#calls.get(index);
    if (call === undefined || (id !== '' && id !== call.id)) return undefined;
    // With neither there is only the name.
    return index === undefined && id === '' && name !== '' && call.arguments.isWhole ? undefined : call;
  }

  #finish(): void {
    this.#order.end();
    const reason = this.#hasRefusal ? 'refusal' : toStopReason(this.#finishReason, this.#calls.size > 0);
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
