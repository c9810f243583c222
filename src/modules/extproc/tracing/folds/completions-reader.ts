import {
  arrayOf,
  isJsonObject,
  numberOf,
  objectOf,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../codec/json-value.js';
import type { TracedAnswer } from '../span-convention.js';
import type { TextBudget } from './answer-fold.js';
import type { EventReader } from './stream-fold.js';

const CHOICES_MAX = 128;

interface Choice {
  readonly index: number;
  text: string;
  finishReason: string;
}

/** Chunks of a completion as the completion. @see spec observability.md 4.5, `completions` */
export class CompletionsReader implements EventReader {
  readonly isComplete = false;
  #last: JsonObject | undefined;
  #usage: JsonValue | undefined;
  readonly #choices = new Map<number, Choice>();

  constructor(private readonly budget: TextBudget) {}

  onEvent(chunk: JsonObject): void {
    const { id, object, created, model } = chunk;
    this.#last = {
      ...(id !== undefined && { id }),
      ...(object !== undefined && { object }),
      ...(created !== undefined && { created }),
      ...(model !== undefined && { model }),
    };
    if (isJsonObject(chunk['usage'])) this.#usage = chunk['usage'];
    for (const item of arrayOf(chunk['choices'])) this.#onChoice(objectOf(item));
  }

  answer(): TracedAnswer | undefined {
    if (this.#last === undefined) return undefined;
    const document: JsonObject = {
      ...this.#last,
      choices: [...this.#choices.values()].map(({ index, text, finishReason }) => ({
        index,
        text,
        ...(finishReason !== '' && { finish_reason: finishReason }),
      })),
      ...(this.#usage !== undefined && { usage: this.#usage }),
    };
    return { kind: 'json', document, text: JSON.stringify(document) };
  }

  /** Choices may begin in different chunks: their order is that of their arrival. */
  #onChoice(item: JsonObject): void {
    const index = numberOf(item['index']) ?? 0;
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      if (this.#choices.size >= CHOICES_MAX) return;
      choice = { index, text: '', finishReason: '' };
      this.#choices.set(index, choice);
    }
    choice.text += this.budget.take(stringOf(item['text']) ?? '');
    choice.finishReason = stringOf(item['finish_reason']) || choice.finishReason;
  }
}
