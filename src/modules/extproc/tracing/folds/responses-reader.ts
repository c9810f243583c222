import { isJsonObject, numberOf, type JsonObject, type JsonValue } from '../../codec/json-value.js';
import type { TracedAnswer } from '../span-convention.js';
import type { TextBudget } from './answer-fold.js';
import type { EventReader } from './stream-fold.js';

const ITEMS_MAX = 1000;

/**
 * Events of a response as the response: the one in the last event, complete or not. Of a stream that ends without such an
 * event, what was there before and the items that were done.
 * @see spec observability.md 4.5 `responses` and 12.1 row 7
 */
export class ResponsesReader implements EventReader {
  isComplete = false;
  #begun: JsonObject | undefined;
  #final: JsonObject | undefined;
  readonly #items = new Map<number, JsonObject>();

  constructor(private readonly budget: TextBudget) {}

  onEvent(event: JsonObject): void {
    const { response } = event;
    switch (event['type']) {
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        if (isJsonObject(response)) this.#onEnd(response);
        this.isComplete ||= event['type'] === 'response.completed';
        return;
      case 'response.created':
        if (isJsonObject(response)) this.#begun = this.#bounded(response);
        return;
      case 'response.output_item.done':
        this.#onItem(numberOf(event['output_index']) ?? 0, event['item']);
        return;
      default:
        return;
    }
  }

  answer(): TracedAnswer | undefined {
    const document = this.#final ?? this.#partial();
    return document && { kind: 'json', document, text: JSON.stringify(document) };
  }

  #onEnd(response: JsonObject): void {
    this.#begun = undefined;
    this.#items.clear();
    this.budget.restart();
    this.#final = this.#bounded(response);
  }

  /** Without its output when that is too much; usage and model stay. */
  #bounded(response: JsonObject): JsonObject {
    if (this.budget.holds(response)) return response;
    const { id, model, status, usage } = response;
    return {
      id: id ?? '',
      model: model ?? '',
      status: status ?? '',
      ...(usage !== undefined && { usage }),
      output: [],
    };
  }

  #onItem(index: number, item: JsonValue | undefined): void {
    if (this.#final !== undefined || this.#items.size >= ITEMS_MAX) return;
    if (isJsonObject(item) && this.budget.holds(item)) this.#items.set(index, item);
  }

  #partial(): JsonObject | undefined {
    if (this.#begun === undefined) return undefined;
    const output = [...this.#items].sort(([a], [b]) => a - b).map(([, item]) => item);
    return { ...this.#begun, output };
  }
}
