import type { JsonObject, JsonValue } from '../../../codec/json-value.js';
import type { ThinkingBlock } from '../chat/chat-request.js';

/** One event of a Responses stream, without its sequence number. */
export interface ResponsesEvent extends JsonObject {
  readonly type: string;
}

export type EmitEvent = (event: ResponsesEvent) => void;
export type ItemStatus = 'completed' | 'incomplete';

/**
 * An output item that is being made. Its events are in the order of the dialect: added, what its content needs, done.
 * @see spec translators.md 18.3.5 and 18.3.6
 */
export interface OutputItem {
  /** True when nothing more can come, so that the item may be closed as soon as another one follows. */
  readonly isSettled: boolean;
  /** The finished item. */
  close(status: ItemStatus): JsonObject;
}

/** Where an item stands and where its events go. */
export interface ItemPlace {
  readonly id: string;
  readonly outputIndex: number;
  readonly emit: EmitEvent;
}

const addedEvent = ({ outputIndex }: ItemPlace, item: JsonObject): ResponsesEvent => ({
  type: 'response.output_item.added',
  output_index: outputIndex,
  item,
});

function done({ outputIndex, emit }: ItemPlace, item: JsonObject): JsonObject {
  emit({ type: 'response.output_item.done', output_index: outputIndex, item });
  return item;
}

/** Thinking: its text is shown as one part of the summary. */
export class ReasoningItem implements OutputItem {
  readonly isSettled = true;
  readonly #blocks: ThinkingBlock[] = [];
  #text = '';
  /** What was said since the last block. */
  #openText = '';

  /** @param seal Makes `encrypted_content` of the blocks; undefined when the client did not ask for it. */
  constructor(
    private readonly place: ItemPlace,
    private readonly seal: ((blocks: readonly ThinkingBlock[]) => string) | undefined,
  ) {
    place.emit(addedEvent(place, { ...this.#head, status: 'in_progress', summary: [] }));
  }

  text(text: string): void {
    if (this.#text === '') this.#emit('part.added', { part: { type: 'summary_text', text: '' } });
    this.#text += text;
    this.#openText += text;
    this.#emit('text.delta', { delta: text });
  }

  /** A block without text of its own closes the text that was said before it. */
  block(block: ThinkingBlock): void {
    if (block.type === 'redacted_thinking') {
      this.#blocks.push(block);
      return;
    }
    const thinking = block.thinking ?? this.#openText;
    this.#openText = '';
    const { signature } = block;
    this.#blocks.push({
      type: 'thinking',
      ...(thinking === '' ? {} : { thinking }),
      ...(signature === undefined ? {} : { signature }),
    });
  }

  close(status: ItemStatus): JsonObject {
    const part = { type: 'summary_text', text: this.#text };
    if (this.#text !== '') {
      this.#emit('text.done', { text: this.#text });
      this.#emit('part.done', { part });
    }
    if (this.#openText !== '') this.block({ type: 'thinking' });
    return done(this.place, {
      ...this.#head,
      status,
      summary: this.#text === '' ? [] : [part],
      ...(this.seal && this.#blocks.length > 0 ? { encrypted_content: this.seal(this.#blocks) } : {}),
    });
  }

  get #head() {
    return { id: this.place.id, type: 'reasoning' };
  }

  #emit(event: 'part.added' | 'part.done' | 'text.delta' | 'text.done', members: JsonObject): void {
    this.place.emit({
      type: `response.reasoning_summary_${event}`,
      item_id: this.place.id,
      output_index: this.place.outputIndex,
      summary_index: 0,
      ...members,
    });
  }
}

type MessagePart =
  | { readonly type: 'output_text'; text: string; readonly annotations: JsonValue[]; readonly logprobs: JsonValue[] }
  | { readonly type: 'refusal'; text: string };

/** What the model says: text, and refusals in parts of their own. */
export class MessageItem implements OutputItem {
  readonly isSettled = true;
  readonly #content: JsonObject[] = [];
  #part: MessagePart | undefined;

  constructor(private readonly place: ItemPlace) {
    place.emit(addedEvent(place, { ...this.#head, status: 'in_progress', content: [] }));
  }

  text(text: string): void {
    this.#textPart().text += text;
    this.#emit('output_text.delta', { delta: text, logprobs: [] });
  }

  refusal(text: string): void {
    if (this.#part?.type !== 'refusal') this.#open({ type: 'refusal', text: '' });
    this.#part!.text += text;
    this.#emit('refusal.delta', { delta: text });
  }

  /** In the form of this API. */
  annotations(annotations: readonly JsonValue[]): void {
    const part = this.#textPart();
    for (const annotation of annotations) {
      this.#emit('output_text.annotation.added', { annotation_index: part.annotations.length, annotation });
      part.annotations.push(annotation);
    }
  }

  /** Told with the finished text. */
  logprobs(logprobs: readonly JsonValue[]): void {
    const part = this.#textPart();
    for (const logprob of logprobs) part.logprobs.push(logprob);
  }

  close(status: ItemStatus): JsonObject {
    this.#closePart();
    return done(this.place, { ...this.#head, status, content: this.#content });
  }

  get #head() {
    return { id: this.place.id, type: 'message', role: 'assistant' };
  }

  #textPart() {
    if (this.#part?.type === 'output_text') return this.#part;
    const part: MessagePart = { type: 'output_text', text: '', annotations: [], logprobs: [] };
    this.#open(part);
    return part;
  }

  #open(part: MessagePart): void {
    this.#closePart();
    this.#part = part;
    this.#emit('content_part.added', { part: wirePart(part) });
  }

  #closePart(): void {
    const part = this.#part;
    if (part === undefined) return;
    if (part.type === 'output_text') this.#emit('output_text.done', { text: part.text, logprobs: [...part.logprobs] });
    else this.#emit('refusal.done', { refusal: part.text });
    this.#emit('content_part.done', { part: wirePart(part) });
    this.#content.push(wirePart(part));
    this.#part = undefined;
  }

  #emit(event: string, members: JsonObject): void {
    this.place.emit({
      type: `response.${event}`,
      item_id: this.place.id,
      output_index: this.place.outputIndex,
      content_index: this.#content.length,
      ...members,
    });
  }
}

/** A copy: events hold the part as it was when they were made. */
const wirePart = (part: MessagePart): JsonObject =>
  part.type === 'refusal'
    ? { type: 'refusal', refusal: part.text }
    : { type: 'output_text', text: part.text, annotations: [...part.annotations], logprobs: [...part.logprobs] };

/** An image that the model made, always whole. */
export class ImageItem implements OutputItem {
  readonly isSettled = true;

  /** @param result Base64. */
  constructor(
    private readonly place: ItemPlace,
    private readonly result: string,
  ) {
    place.emit(addedEvent(place, { ...this.#head, status: 'in_progress', result: null }));
  }

  close(): JsonObject {
    this.place.emit({
      type: 'response.image_generation_call.completed',
      item_id: this.place.id,
      output_index: this.place.outputIndex,
    });
    return done(this.place, { ...this.#head, status: 'completed', result: this.result });
  }

  get #head() {
    return { id: this.place.id, type: 'image_generation_call' };
  }
}
