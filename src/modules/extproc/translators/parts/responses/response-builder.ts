import type { TokenUsage } from '../../../../../shared/token-usage.js';
import {
  arrayOf,
  isJsonObject,
  objectOf,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';
import type { TranslatorEnv } from '../../translator.js';
import type { ThinkingBlock } from '../chat/chat-request.js';
import type { ChatEvent, FinishReason, ProviderError } from '../chat/chat-result.js';
import { parseDataUri } from '../chat/data-uri.js';
import { CustomCallItem, FunctionCallItem, type CallHead, type CallItem } from './call-items.js';
import { errorCodeOf, outcomeOf, type Outcome } from './finish.js';
import { ItemQueue } from './item-queue.js';
import { ImageItem, MessageItem, ReasoningItem, type EmitEvent } from './output-items.js';
import { responseObject } from './response-object.js';

/** What the answer to a Responses request depends on, besides the provider. */
export interface ResponseTerms {
  /** The client's body. */
  readonly request: JsonObject;
  /** Told to the client when the provider names none. */
  readonly model: string;
  /** Unix seconds; absent: now. */
  readonly createdAt?: number;
  /** Names of the tools whose calls are `custom_tool_call` items. */
  readonly customTools: ReadonlySet<string>;
  /** Makes `encrypted_content`; undefined when the client did not ask for it. */
  readonly sealThinking: ((blocks: readonly ThinkingBlock[]) => string) | undefined;
}

/** All that one answer may say, in characters: the final event repeats it whole. */
export const OUTPUT_CHARACTERS_MAX = 16 << 20;

/**
 * Makes a response object, and the events that tell of it, of chat events; whole answers are played through it as well, so
 * that both say the same. Of several choices only the first counts.
 *
 *     created, in_progress ─▶ items, one after the other (ItemQueue) ─▶ completed | incomplete | failed
 *
 * Exactly one of the last three is emitted, whatever comes; nothing follows it. @see spec translators.md 18.3.6
 */
export class ResponseBuilder {
  readonly #items: ItemQueue;
  readonly #calls = new Map<number, CallItem>();
  readonly #id: string;
  #model: string;
  readonly #createdAt: number;
  #hasBegun = false;
  #serviceTier: string | undefined;
  #finish: FinishReason | undefined;
  #usage: TokenUsage | undefined;
  #extras: JsonObject = {};
  /** Blocks that came when no reasoning item was open, e.g. Gemini's signatures. */
  readonly #lateBlocks: ThinkingBlock[] = [];
  #characters = 0;
  #response: JsonObject | undefined;

  constructor(
    private readonly terms: ResponseTerms,
    private readonly env: TranslatorEnv,
    private readonly emit: EmitEvent,
  ) {
    this.#id = env.newId('resp_', 48);
    this.#model = terms.model;
    this.#createdAt = terms.createdAt ?? env.nowSeconds();
    this.#items = new ItemQueue(emit);
  }

  /** The finished object; undefined before the end. */
  get response(): JsonObject | undefined {
    return this.#response;
  }

  on(event: ChatEvent): void {
    if (this.#response !== undefined || event.kind === 'keep-alive') return;
    if ('choice' in event && event.choice !== 0) return;
    if (event.kind === 'start') {
      this.#model = event.model ?? this.#model;
      this.#serviceTier = event.serviceTier ?? this.#serviceTier;
    }
    this.#begin();
    this.#characters += sizeOf(event);
    if (this.#characters > OUTPUT_CHARACTERS_MAX) this.#fail(TOO_LONG);
    else this.#take(event);
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const response = this.#object(undefined);
    this.emit({ type: 'response.created', response });
    this.emit({ type: 'response.in_progress', response });
  }

  #take(event: ChatEvent): void {
    switch (event.kind) {
      case 'text':
        if (event.text !== '') this.#message().text(event.text);
        break;
      case 'refusal':
        if (event.text !== '') this.#message().refusal(event.text);
        break;
      case 'reasoning':
        if (event.text !== '') this.#reasoning().text(event.text);
        break;
      case 'thinking-block':
        this.#onBlock(event.block);
        break;
      case 'annotations':
        if (event.annotations.length > 0) this.#message().annotations(event.annotations.map(flatAnnotation));
        break;
      case 'logprobs':
        this.#onLogprobs(event.logprobs);
        break;
      case 'images':
        for (const image of event.images) this.#onImage(image);
        break;
      case 'tool-call':
        this.#onCall(event);
        break;
      case 'tool-arguments':
        this.#calls.get(event.index)?.arguments(event.text);
        break;
      case 'extras':
        this.#extras = { ...this.#extras, ...event.extras };
        break;
      case 'finish':
        this.#finish = event.reason;
        break;
      case 'usage':
        this.#usage = event.usage;
        this.#serviceTier = event.serviceTier ?? this.#serviceTier;
        break;
      case 'error':
        this.#usage = event.usage ?? this.#usage;
        this.#fail(event.error);
        break;
      case 'done':
        this.#end(outcomeOf(this.#finish));
        break;
      case 'start':
      case 'role':
      case 'keep-alive':
        break;
    }
  }

  #message(): MessageItem {
    const last = this.#items.last;
    if (last instanceof MessageItem) return last;
    return this.#items.add((place) => new MessageItem(place), this.#newItemId('msg_'));
  }

  #reasoning(): ReasoningItem {
    const last = this.#items.last;
    if (last instanceof ReasoningItem) return last;
    return this.#items.add((place) => new ReasoningItem(place, this.terms.sealThinking), this.#newItemId('rs_'));
  }

  #onBlock(block: ThinkingBlock): void {
    const last = this.#items.last;
    if (last instanceof ReasoningItem) last.block(block);
    else if (this.terms.sealThinking === undefined) return;
    else if (last === undefined) this.#reasoning().block(block);
    else this.#lateBlocks.push(block);
  }

  #onLogprobs(logprobs: JsonValue): void {
    const tokens = arrayOf(objectOf(logprobs)['content']);
    if (tokens.length > 0) this.#message().logprobs(tokens);
  }

  #onImage(image: JsonValue): void {
    const url = stringOf(objectOf(objectOf(image)['image_url'])['url']);
    const data = url === undefined ? undefined : parseDataUri(url)?.data;
    if (data !== undefined) this.#items.add((place) => new ImageItem(place, data), this.#newItemId('ig_'));
  }

  #onCall(event: CallHead & { readonly index: number; readonly arguments: string }): void {
    const isCustom = this.terms.customTools.has(event.name);
    const head = { id: event.id === '' ? this.env.newId('call_') : event.id, name: event.name };
    const item = isCustom
      ? this.#items.add((place) => new CustomCallItem(place, head), this.#newItemId('ctc_'))
      : this.#items.add((place) => new FunctionCallItem(place, head), this.#newItemId('fc_'));
    this.#calls.set(event.index, item);
    item.arguments(event.arguments);
  }

  #newItemId(prefix: string): string {
    return this.env.newId(prefix, 48);
  }

  #fail(error: ProviderError): void {
    const code = errorCodeOf(error.status);
    const { message } = error;
    this.#items.closeAll('incomplete');
    // Published clients read the flat members, live servers nest them.
    this.emit({ type: 'error', code, message, param: null, error: { type: error.type, code, message, param: null } });
    this.#finalize({ status: 'failed', code, message });
  }

  #end(outcome: Outcome): void {
    this.#items.closeAll(outcome.status === 'completed' ? 'completed' : 'incomplete');
    if (this.#lateBlocks.length > 0) {
      const item = this.#reasoning();
      for (const block of this.#lateBlocks) item.block(block);
      this.#items.closeAll('completed');
    }
    this.#finalize(outcome);
  }

  #finalize(outcome: Outcome): void {
    this.#response = this.#object(outcome);
    this.emit({ type: `response.${outcome.status}`, response: this.#response });
  }

  #object(outcome: Outcome | undefined): JsonObject {
    return responseObject(this.terms.request, {
      id: this.#id,
      model: this.#model,
      createdAt: this.#createdAt,
      outcome,
      completedAt: outcome?.status === 'completed' ? this.env.nowSeconds() : null,
      output: outcome === undefined ? [] : this.#items.closed,
      usage: outcome === undefined ? undefined : this.#usage,
      serviceTier: this.#serviceTier,
      extras: this.#extras,
    });
  }
}

const TOO_LONG: ProviderError = {
  type: 'server_error',
  status: 502,
  message: `The answer of the provider has more than ${OUTPUT_CHARACTERS_MAX} characters, the bound of the gateway.`,
};

/** What an item costs besides its text. */
const ITEM_CHARACTERS = 256;

function sizeOf(event: ChatEvent): number {
  switch (event.kind) {
    case 'text':
    case 'refusal':
    case 'reasoning':
    case 'tool-arguments':
      return event.text.length;
    case 'tool-call':
      return event.id.length + event.name.length + event.arguments.length + ITEM_CHARACTERS;
    case 'thinking-block':
      return JSON.stringify(event.block).length;
    case 'images':
      return JSON.stringify(event.images).length + ITEM_CHARACTERS;
    case 'annotations':
      return JSON.stringify(event.annotations).length;
    case 'logprobs':
      return JSON.stringify(event.logprobs).length;
    default:
      return 0;
  }
}

/** Chat nests the members of a citation under its type, this API does not. */
function flatAnnotation(annotation: JsonValue): JsonValue {
  const type = stringOf(objectOf(annotation)['type']);
  const nested = type === undefined ? undefined : objectOf(annotation)[type];
  return type !== undefined && isJsonObject(nested) ? { type, ...nested } : annotation;
}
