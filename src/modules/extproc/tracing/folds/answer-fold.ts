import type { JsonValue } from '../../codec/json-value.js';
import type { TracedAnswer } from '../span-convention.js';

/** Characters of text that one answer may leave in its span. */
export const FOLDED_CHARACTERS_MAX = 4 << 20;

/** What became of an answer that was folded. */
export interface FoldedAnswer {
  /** Undefined when there is nothing that a convention could record. */
  readonly answer: TracedAnswer | undefined;
  /** More came than is kept. */
  readonly isTruncated: boolean;
  /** A stream said itself that it was complete; chat completions and completions do not. */
  readonly isComplete: boolean;
  /** First error event of a stream, as its JSON text. */
  readonly error: string | undefined;
}

/**
 * Makes one value of the bytes that the client gets, while they pass. The law of all folds: any cut of the same bytes gives
 * the same answer. Bounded, and never throws, whatever the bytes are.
 */
export interface AnswerFold {
  /** Decoded bytes. The chunk may be reused after return. */
  push(bytes: Uint8Array): void;
  /** @param isCut The answer was not given to its end: nothing may be said of how it ended. */
  end(isCut: boolean): FoldedAnswer;
}

/** Text that may still be kept. What does not fit is left out, and so is all that follows. */
export class TextBudget {
  #left: number;
  #isSpent = false;

  constructor(private readonly charactersMax: number) {
    this.#left = charactersMax;
  }

  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** The text, or as much of it as fits. */
  take(text: string): string {
    if (this.#isSpent) return '';
    if (text.length <= this.#left) {
      this.#left -= text.length;
      return text;
    }
    const kept = text.slice(0, this.#left);
    this.#left = 0;
    this.#isSpent = true;
    // Half of a surrogate pair is no text.
    return kept.isWellFormed() ? kept : kept.slice(0, -1);
  }

  /** Whether a value may be kept: all of it or nothing. */
  holds(value: JsonValue): boolean {
    this.take(JSON.stringify(value));
    return !this.#isSpent;
  }

  /** What was kept so far is given up. */
  restart(): void {
    this.#left = this.charactersMax;
    this.#isSpent = false;
  }
}
