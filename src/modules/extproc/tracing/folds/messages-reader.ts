import {
  isJsonObject,
  numberOf,
  objectOf,
  parseJson,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../codec/json-value.js';
import type { TracedAnswer } from '../span-convention.js';
import type { TextBudget } from './answer-fold.js';
import type { EventReader } from './stream-fold.js';

/** Blocks of higher numbers are dropped. @see spec observability.md 4.5, `messages` */
const BLOCK_INDEX_MAX = 999;

interface Block {
  /** As it began, without the member that its deltas make. */
  readonly start: JsonObject;
  text: string;
  thinking: string;
  signature: string | undefined;
  /** Pieces of the input of a tool. */
  inputJson: string;
  input: JsonValue | undefined;
  readonly citations: JsonValue[];
}

/** Events of a message as the message. @see https://docs.claude.com/en/docs/build-with-claude/streaming */
export class MessagesReader implements EventReader {
  isComplete = false;
  #message: JsonObject | undefined;
  #usage: Record<string, JsonValue | undefined> | undefined;
  readonly #blocks = new Map<number, Block>();
  readonly #ending: Record<string, JsonValue> = {};

  constructor(private readonly budget: TextBudget) {}

  onEvent(event: JsonObject): void {
    switch (event['type']) {
      case 'message_start':
        return this.#onStart(objectOf(event['message']));
      case 'content_block_start':
        return this.#onBlock(numberOf(event['index']) ?? 0, objectOf(event['content_block']));
      case 'content_block_delta':
        return this.#onDelta(this.#blocks.get(numberOf(event['index']) ?? 0), objectOf(event['delta']));
      case 'content_block_stop':
        return parseInput(this.#blocks.get(numberOf(event['index']) ?? 0));
      case 'message_delta':
        return this.#onMessageDelta(objectOf(event['delta']), event['usage']);
      case 'message_stop':
        this.isComplete = true;
        return undefined;
      default:
        return undefined;
    }
  }

  answer(): TracedAnswer | undefined {
    if (this.#message === undefined) return undefined;
    const blocks = [...this.#blocks].sort(([a], [b]) => a - b).map(([, block]) => blockOf(block));
    const document: JsonObject = {
      ...this.#message,
      content: blocks,
      ...this.#ending,
      ...(this.#usage !== undefined && { usage: this.#usage }),
    };
    return { kind: 'json', document, text: JSON.stringify(document) };
  }

  #onStart(message: JsonObject): void {
    const { content: _, usage, ...base } = message;
    this.#message = base;
    if (isJsonObject(usage)) this.#usage = { ...usage };
  }

  #onBlock(index: number, start: JsonObject): void {
    if (!Number.isInteger(index) || index < 0 || index > BLOCK_INDEX_MAX) return;
    const { text, thinking, signature, ...rest } = start;
    // Results of the provider's own tools come whole with the start.
    this.#blocks.set(index, {
      start: this.budget.holds(rest) ? rest : { type: rest['type'] ?? '' },
      text: this.budget.take(stringOf(text) ?? ''),
      thinking: this.budget.take(stringOf(thinking) ?? ''),
      signature: stringOf(signature),
      inputJson: '',
      input: undefined,
      citations: [],
    });
  }

  #onDelta(block: Block | undefined, delta: JsonObject): void {
    if (block === undefined) return;
    block.text += this.budget.take(stringOf(delta['text']) ?? '');
    block.thinking += this.budget.take(stringOf(delta['thinking']) ?? '');
    block.inputJson += this.budget.take(stringOf(delta['partial_json']) ?? '');
    const signature = stringOf(delta['signature']);
    if (signature !== undefined) block.signature = this.budget.take(signature);
    const citation = delta['citation'];
    if (isJsonObject(citation) && this.budget.holds(citation)) block.citations.push(citation);
  }

  /**
   * Output tokens are those told last. Counts of the start stay, but where it had none: a provider of another API tells
   * its input with the end only.
   */
  #onMessageDelta(delta: JsonObject, usage: JsonValue | undefined): void {
    for (const name of ['stop_reason', 'stop_sequence']) {
      const value = delta[name];
      if (value !== undefined && value !== null) this.#ending[name] = value;
    }
    if (!isJsonObject(usage)) return;
    const known = (this.#usage ??= {});
    for (const [name, value] of Object.entries(usage)) {
      if (name === 'output_tokens' || !numberOf(known[name])) known[name] = value;
    }
  }
}

function parseInput(block: Block | undefined): void {
  if (block === undefined || block.inputJson === '') return;
  try {
    block.input = parseJson(block.inputJson);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
}

function blockOf({ start, text, thinking, signature, input, citations }: Block): JsonObject {
  switch (start['type']) {
    case 'text':
      return { ...start, text, ...(citations.length > 0 && { citations }) };
    case 'thinking':
      return { ...start, thinking, ...(signature !== undefined && { signature }) };
    default:
      return input === undefined ? start : { ...start, input };
  }
}
