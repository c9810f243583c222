import type { Attributes } from '@opentelemetry/api';

/**
 * Attributes that stand for items of lists, of one request or of one answer. Some backends of traces give up at fewer; a
 * chat of 2,000 messages with parts has as many.
 */
export const ITEM_ATTRIBUTES_MAX = 10_000;

/** What the convention has; of a list all items are of one kind. */
export type RecordedValue = string | number | boolean | number[];

/** Attributes in the order in which they are set. */
export class AttributeRecord {
  readonly #attributes: Attributes = {};
  #itemCount = 0;

  /** Sets nothing when there is no value. */
  set(key: string, value: RecordedValue | undefined): void {
    if (value !== undefined) this.#attributes[key] = value;
  }

  /** As {@link set}, for what a list may have any number of: beyond {@link ITEM_ATTRIBUTES_MAX} nothing is set. */
  setItem(key: string, value: RecordedValue | undefined): void {
    if (value === undefined) return;
    this.#itemCount++;
    if (this.#itemCount <= ITEM_ATTRIBUTES_MAX) this.#attributes[key] = value;
  }

  /** @param truncatedKey Set to true when there were too many items. */
  finish(truncatedKey: string): Attributes {
    if (this.#itemCount > ITEM_ATTRIBUTES_MAX) this.#attributes[truncatedKey] = true;
    return this.#attributes;
  }
}
