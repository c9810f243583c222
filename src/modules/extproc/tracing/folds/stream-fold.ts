import { FramingError } from '../../codec/framing-error.js';
import { isJsonObject, JsonBoundError, parseJson, type JsonObject } from '../../codec/json-value.js';
import { SseDecoder } from '../../codec/sse-decoder.js';
import type { TracedAnswer } from '../span-convention.js';
import { FOLDED_CHARACTERS_MAX, TextBudget, type AnswerFold, type FoldedAnswer } from './answer-fold.js';

/** What the events of one endpoint add up to. */
export interface EventReader {
  onEvent(event: JsonObject): void;
  /** Undefined when no event said anything. */
  answer(isCut: boolean): TracedAnswer | undefined;
  readonly isComplete: boolean;
}

const ERROR_CHARACTERS_MAX = 16 << 10;

/** Events of a stream into one answer. Events that are no JSON objects are passed over. */
export class StreamFold implements AnswerFold {
  readonly #budget: TextBudget;
  readonly #decoder = new SseDecoder(({ data }) => this.#onData(data));
  readonly #reader: EventReader;
  #isBroken = false;
  #isTooMuch = false;
  #error: string | undefined;

  /** @param reader Makes the reader; all text that it keeps comes out of the budget. */
  constructor(reader: (budget: TextBudget) => EventReader, charactersMax = FOLDED_CHARACTERS_MAX) {
    this.#budget = new TextBudget(charactersMax);
    this.#reader = reader(this.#budget);
  }

  push(bytes: Uint8Array): void {
    this.#decode(() => this.#decoder.push(bytes));
  }

  end(isCut: boolean): FoldedAnswer {
    // The last event of a stream that was cut is not whole.
    if (!isCut) this.#decode(() => this.#decoder.end());
    return {
      answer: this.#reader.answer(isCut),
      isTruncated: this.#budget.isSpent || this.#isTooMuch,
      isComplete: this.#reader.isComplete,
      error: this.#error,
    };
  }

  #decode(step: () => void): void {
    if (this.#isBroken) return;
    try {
      step();
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.#isBroken = true;
      this.#isTooMuch = true;
    }
  }

  #onData(data: string): void {
    const event = this.#parse(data);
    if (event === undefined) return;
    if (this.#error === undefined && isErrorEvent(event)) this.#error = data.slice(0, ERROR_CHARACTERS_MAX);
    else this.#reader.onEvent(event);
  }

  #parse(data: string): JsonObject | undefined {
    try {
      const value = parseJson(data);
      return isJsonObject(value) ? value : undefined;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#isTooMuch ||= error instanceof JsonBoundError;
      return undefined;
    }
  }
}

/** `{"error": …}` of chat-like streams, `{"type": "error", …}` of messages and responses. */
const isErrorEvent = (event: JsonObject) =>
  event['type'] === 'error' || isJsonObject(event['error']) || typeof event['error'] === 'string';
