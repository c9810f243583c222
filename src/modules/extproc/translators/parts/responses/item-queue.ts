import type { JsonObject } from '../../../codec/json-value.js';
import type { EmitEvent, ItemPlace, ItemStatus, OutputItem, ResponsesEvent } from './output-items.js';

interface Waiting {
  readonly item: OutputItem;
  readonly events: HeldEvents;
}

/**
 * The output items that are being made. In the stream of a client one item is open at a time: the events of the items
 * behind it wait. An item that is settled is closed as soon as another one follows; one that is not, a call whose arguments
 * are not whole yet, stays open until it is, or until the end.
 */
export class ItemQueue {
  readonly #open: Waiting[] = [];
  readonly #closed: JsonObject[] = [];
  #count = 0;

  constructor(private readonly emit: EmitEvent) {}

  /** Finished items, in order. */
  get closed(): readonly JsonObject[] {
    return this.#closed;
  }

  /** The item that came last, if it is not closed. */
  get last(): OutputItem | undefined {
    return this.#open.at(-1)?.item;
  }

  add<Item extends OutputItem>(make: (place: ItemPlace) => Item, id: string): Item {
    this.#closeSettled();
    const events = new HeldEvents();
    if (this.#open.length === 0) events.release(this.emit);
    const item = make({ id, outputIndex: this.#count++, emit: (event) => events.emit(event) });
    this.#open.push({ item, events });
    return item;
  }

  /** @param status Of the item that came last, and of calls that are not whole. */
  closeAll(status: ItemStatus): void {
    while (this.#open.length > 0) {
      const isDone = this.#open.length > 1 && this.#open[0]!.item.isSettled;
      this.#closeFirst(isDone ? 'completed' : status);
    }
  }

  #closeSettled(): void {
    while (this.#open[0]?.item.isSettled) this.#closeFirst('completed');
  }

  #closeFirst(status: ItemStatus): void {
    const first = this.#open.shift()!;
    this.#closed.push(first.item.close(status));
    this.#open[0]?.events.release(this.emit);
  }
}

/** Events of an item that wait until the item is the open one. */
class HeldEvents {
  #target: EmitEvent | undefined;
  #held: ResponsesEvent[] = [];

  emit(event: ResponsesEvent): void {
    if (this.#target) this.#target(event);
    else this.#held.push(event);
  }

  release(target: EmitEvent): void {
    for (const event of this.#held) target(event);
    this.#held = [];
    this.#target = target;
  }
}
