import { JsonProgress } from '../../../codec/json-progress.js';
import { isJsonObject, parseJsonLeniently, stringOf, type JsonObject } from '../../../codec/json-value.js';
import type { ItemPlace, ItemStatus, OutputItem } from './output-items.js';

/** What a call is known by: `id` is the chat's id of the tool call. */
export interface CallHead {
  readonly id: string;
  readonly name: string;
}

/** A call of a tool, whose arguments come in pieces. */
export interface CallItem extends OutputItem {
  /** Without effect once the item is closed. */
  arguments(text: string): void;
}

/** A call of a function. */
export class FunctionCallItem implements CallItem {
  #text = '';
  readonly #progress = new JsonProgress();
  #isClosed = false;

  constructor(
    private readonly place: ItemPlace,
    private readonly call: CallHead,
  ) {
    place.emit({
      type: 'response.output_item.added',
      output_index: place.outputIndex,
      item: this.#item('in_progress'),
    });
  }

  get isSettled(): boolean {
    return this.#progress.isWhole;
  }

  arguments(text: string): void {
    if (text === '' || this.#isClosed) return;
    this.#text += text;
    this.#progress.push(text);
    this.#emit('delta', { delta: text });
  }

  close(status: ItemStatus): JsonObject {
    // Clients parse the arguments (translators.md G47).
    if (status === 'completed' && this.#text.trim() === '') this.arguments('{}');
    this.#isClosed = true;
    this.#emit('done', { name: this.call.name, arguments: this.#text });
    const item = this.#item(status);
    this.place.emit({ type: 'response.output_item.done', output_index: this.place.outputIndex, item });
    return item;
  }

  #item(status: ItemStatus | 'in_progress'): JsonObject {
    const { id, name } = this.call;
    return { id: this.place.id, type: 'function_call', status, call_id: id, name, arguments: this.#text };
  }

  #emit(event: 'delta' | 'done', members: JsonObject): void {
    this.place.emit({
      type: `response.function_call_arguments.${event}`,
      item_id: this.place.id,
      output_index: this.place.outputIndex,
      ...members,
    });
  }
}

/** A call of a custom tool, which chat knows as a function with the one argument `input`: kept until it is whole. */
export class CustomCallItem implements CallItem {
  #arguments = '';
  readonly #progress = new JsonProgress();
  #isClosed = false;

  constructor(
    private readonly place: ItemPlace,
    private readonly call: CallHead,
  ) {
    place.emit({
      type: 'response.output_item.added',
      output_index: place.outputIndex,
      item: this.#item('in_progress', ''),
    });
  }

  get isSettled(): boolean {
    return this.#progress.isWhole;
  }

  arguments(text: string): void {
    if (this.#isClosed) return;
    this.#arguments += text;
    this.#progress.push(text);
  }

  close(status: ItemStatus): JsonObject {
    this.#isClosed = true;
    const input = inputOf(this.#arguments);
    if (input !== '') this.#emit('delta', { delta: input });
    this.#emit('done', { input });
    const item = this.#item(status, input);
    this.place.emit({ type: 'response.output_item.done', output_index: this.place.outputIndex, item });
    return item;
  }

  #item(status: ItemStatus | 'in_progress', input: string): JsonObject {
    const { id, name } = this.call;
    return { id: this.place.id, type: 'custom_tool_call', status, call_id: id, name, input };
  }

  #emit(event: 'delta' | 'done', members: JsonObject): void {
    this.place.emit({
      type: `response.custom_tool_call_input.${event}`,
      item_id: this.place.id,
      output_index: this.place.outputIndex,
      ...members,
    });
  }
}

/** Arguments that do not have the form that the tool asks for are given as they are. */
function inputOf(text: string): string {
  const value = parseJsonLeniently(Buffer.from(text));
  return (isJsonObject(value) ? stringOf(value['input']) : undefined) ?? text;
}
