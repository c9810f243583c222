import { stringOf, type JsonObject } from '../../codec/json-value.js';
import type { TracedAnswer } from '../span-convention.js';
import type { TextBudget } from './answer-fold.js';
import type { EventReader } from './stream-fold.js';

/** Deltas of a transcript as its text; the text told at the end counts, when there is one. @see spec observability.md 4.3 */
export class TranscriptReader implements EventReader {
  isComplete = false;
  #text = '';
  #final = '';

  constructor(private readonly budget: TextBudget) {}

  onEvent(event: JsonObject): void {
    if (event['type'] === 'transcript.text.delta') {
      this.#text += this.budget.take(stringOf(event['delta']) ?? '');
    } else if (event['type'] === 'transcript.text.done') {
      this.isComplete = true;
      this.#final = this.budget.take(stringOf(event['text']) ?? '');
    }
  }

  answer(): TracedAnswer | undefined {
    const text = this.#final || this.#text;
    return text === '' ? undefined : { kind: 'text', text };
  }
}
