import {
  arrayOf,
  isJsonObject,
  kindOf,
  objectOf,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';
import { UpstreamAnswerError, type ResponseFacts } from '../../translator.js';
import type { ChatEvent, ProviderError } from '../chat/chat-result.js';
import { annotationsOf, characterCount } from './citations.js';
import { claudeStreamError } from './provider-error.js';
import { TOOL_USE_ID_PREFIX, type AnswerContext } from './result.js';
import { finishReasonOf } from './stop-reason.js';
import { readAnthropicUsage, toTokenUsage, type AnthropicCounters } from './usage.js';

/*
 * message_start ─▶ (content_block_start ─▶ content_block_delta* ─▶ content_block_stop)* ─▶ message_delta ─▶ message_stop
 *
 * Blocks come one after the other. ping may come at any time, error ends the stream. What is not known is passed over.
 */

/** A block that has begun. */
type OpenBlock =
  | { readonly type: 'text'; readonly start: number; readonly citations: JsonValue[] }
  | { readonly type: 'thinking'; signature: string }
  /** `call` is undefined for the tool whose input is the answer. */
  | {
      readonly type: 'tool_use';
      readonly call: number | undefined;
      hasArguments: boolean;
      readonly isComplete: boolean;
    }
  | { readonly type: 'other' };

/** More is no signature, and no list of citations of one block: it would only fill the memory. */
const SIGNATURE_CHARACTERS_MAX = 8 << 20;
const CITATIONS_MAX = 1000;

/** Events of a streamed message to events of a chat. @see spec translators.md 5.4, "Streaming", and 18.1.5 */
export class ClaudeEventReader {
  readonly #emit: (event: ChatEvent) => void;
  readonly #context: AnswerContext;
  /** The model that chunks show: the provider's, or undefined for the one that was asked for. */
  readonly #showsOwnModel: boolean;
  #counters: AnthropicCounters = {};
  #model: string | undefined;
  #block: OpenBlock | undefined;
  #blockIndex: JsonValue | undefined;
  #textCharacters = 0;
  #calls = 0;
  #hasAnsweredByTool = false;
  #stopReason: string | undefined;
  #hasStarted = false;
  #isDone = false;
  #hasError = false;

  constructor(context: AnswerContext, showsOwnModel: boolean, emit: (event: ChatEvent) => void) {
    this.#context = context;
    this.#showsOwnModel = showsOwnModel;
    this.#emit = emit;
  }

  get facts(): ResponseFacts {
    const usage = toTokenUsage(this.#counters);
    return {
      ...(Object.keys(usage).length === 0 ? {} : { usage }),
      ...(this.#model === undefined ? {} : { model: this.#model }),
    };
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  get hasError(): boolean {
    return this.#hasError;
  }

  /** @param type Of the event, as `data` says it or as its frame does @throws {UpstreamAnswerError} */
  read(type: string, data: JsonObject): void {
    if (this.#isDone) return;
    switch (type) {
      case 'message_start':
        this.#start(objectOf(data['message']));
        break;
      case 'content_block_start':
        this.#closeBlock();
        this.#blockIndex = data['index'];
        this.#block = this.#open(objectOf(data['content_block']));
        break;
      case 'content_block_delta':
        this.#delta(objectOf(data['delta']), data['index']);
        break;
      case 'content_block_stop':
        this.#closeBlock();
        break;
      case 'message_delta':
        this.#messageDelta(objectOf(data['delta']), data['usage']);
        break;
      case 'message_stop':
        this.#finish();
        break;
      case 'ping':
        this.#emit({ kind: 'keep-alive' });
        break;
      case 'error':
        this.fail(claudeStreamError(objectOf(data['error'])));
        break;
      default:
        // Proxies in front of a provider send errors without a type.
        if (isJsonObject(data['error'])) this.fail(claudeStreamError(data['error']));
    }
  }

  /** The stream tells that it failed. */
  fail(error: ProviderError): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#hasError = true;
    this.#emit({ kind: 'error', error });
    this.#emit({ kind: 'done' });
  }

  /** No more events come. @throws {UpstreamAnswerError} when the message is not complete */
  end(): void {
    if (this.#isDone) return;
    if (this.#stopReason === undefined)
      throw new UpstreamAnswerError("Anthropic's stream ends before its message does");
    this.#finish();
  }

  #start(message: JsonObject): void {
    this.#counters = { ...this.#counters, ...readAnthropicUsage(message['usage']) };
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    const id = stringOf(message['id']);
    const model = this.#showsOwnModel ? stringOf(message['model']) : undefined;
    if (model) this.#model = model;
    this.#emit({ kind: 'start', ...(id ? { id } : {}), ...(model ? { model } : {}) });
  }

  #open(block: JsonObject): OpenBlock {
    switch (block['type']) {
      case 'text': {
        const open: OpenBlock = {
          type: 'text',
          start: this.#textCharacters,
          citations: [...arrayOf(block['citations'])],
        };
        this.#text(stringOf(block['text']));
        return open;
      }
      case 'thinking':
        this.#reasoning(stringOf(block['thinking']));
        return { type: 'thinking', signature: stringOf(block['signature']) ?? '' };
      case 'redacted_thinking': {
        const data = stringOf(block['data']);
        if (data) this.#emit({ kind: 'thinking-block', choice: 0, block: { type: 'redacted_thinking', data } });
        return { type: 'other' };
      }
      case 'tool_use':
        return this.#openToolUse(block);
      default:
        return { type: 'other' };
    }
  }

  #openToolUse(block: JsonObject): OpenBlock {
    const name = stringOf(block['name']) ?? '';
    const input = block['input'] ?? {};
    if (!isJsonObject(input)) {
      throw new UpstreamAnswerError(`"input" of Anthropic's tool_use must be an object, found ${kindOf(input)}`);
    }
    // It comes in deltas; some servers give it at once.
    const isComplete = Object.keys(input).length > 0;
    const text = isComplete ? JSON.stringify(input) : '';
    if (name === this.#context.answerTool) {
      this.#hasAnsweredByTool = true;
      this.#text(text);
      return { type: 'tool_use', call: undefined, hasArguments: isComplete, isComplete };
    }
    const index = this.#calls++;
    const id = stringOf(block['id']) || this.#context.env.newId(TOOL_USE_ID_PREFIX);
    this.#emit({ kind: 'tool-call', choice: 0, index, id, name, arguments: text });
    return { type: 'tool_use', call: index, hasArguments: isComplete, isComplete };
  }

  #delta(delta: JsonObject, index: JsonValue | undefined): void {
    switch (delta['type']) {
      case 'text_delta':
        this.#text(stringOf(delta['text']));
        break;
      case 'thinking_delta':
        this.#reasoning(stringOf(delta['thinking']));
        break;
      case 'signature_delta':
        this.#signature(stringOf(delta['signature']) ?? '');
        break;
      case 'citations_delta':
        this.#citation(delta['citation'] ?? null);
        break;
      case 'input_json_delta':
        this.#input(stringOf(delta['partial_json']) ?? '', index);
        break;
      default:
    }
  }

  #text(text: string | undefined): void {
    if (!text) return;
    this.#textCharacters += characterCount(text);
    this.#emit({ kind: 'text', choice: 0, text });
  }

  #reasoning(text: string | undefined): void {
    if (text) this.#emit({ kind: 'reasoning', choice: 0, text });
  }

  #signature(text: string): void {
    const block = this.#block;
    if (block?.type !== 'thinking') return;
    if (block.signature.length + text.length > SIGNATURE_CHARACTERS_MAX) {
      throw new UpstreamAnswerError(
        `a signature in Anthropic's stream is longer than ${SIGNATURE_CHARACTERS_MAX} characters`,
      );
    }
    block.signature += text;
  }

  #citation(citation: JsonValue): void {
    if (this.#block?.type === 'text' && this.#block.citations.length < CITATIONS_MAX)
      this.#block.citations.push(citation);
  }

  #input(text: string, index: JsonValue | undefined): void {
    const block = this.#block;
    if (block?.type === 'other' || text === '') return;
    if (block?.type !== 'tool_use' || index !== this.#blockIndex) {
      throw new UpstreamAnswerError("Anthropic's stream gives the input of a tool whose block is not open");
    }
    if (block.isComplete) return;
    block.hasArguments = true;
    this.#emitInput(block.call, text);
  }

  #emitInput(call: number | undefined, text: string): void {
    if (call === undefined) this.#text(text);
    else this.#emit({ kind: 'tool-arguments', choice: 0, index: call, text });
  }

  #closeBlock(): void {
    const block = this.#block;
    this.#block = undefined;
    switch (block?.type) {
      case 'text': {
        const annotations = annotationsOf(block.citations, { start: block.start, end: this.#textCharacters });
        if (annotations.length > 0) this.#emit({ kind: 'annotations', choice: 0, annotations });
        break;
      }
      case 'thinking':
        if (block.signature !== '') {
          this.#emit({ kind: 'thinking-block', choice: 0, block: { type: 'thinking', signature: block.signature } });
        }
        break;
      case 'tool_use':
        // A call without parameters: no text at all stands for the empty object (18.1.5).
        if (!block.hasArguments) this.#emitInput(block.call, '{}');
        break;
      default:
    }
  }

  #messageDelta(delta: JsonObject, usage: JsonValue | undefined): void {
    // Totals, so they overwrite; of these providers zeros count too. @see spec translators.md section 4, cells 4 and 6
    this.#counters = { ...this.#counters, ...readAnthropicUsage(usage) };
    const reason = stringOf(delta['stop_reason']);
    if (reason === undefined) return;
    this.#stopReason = reason;
    const explanation = reason === 'refusal' ? stringOf(objectOf(delta['stop_details'])['explanation']) : undefined;
    this.#closeBlock();
    if (explanation) this.#emit({ kind: 'refusal', choice: 0, text: explanation });
  }

  #finish(): void {
    this.#closeBlock();
    this.#isDone = true;
    const isAnsweredByTool = this.#hasAnsweredByTool && this.#calls === 0 && this.#stopReason === 'tool_use';
    this.#emit({ kind: 'finish', choice: 0, reason: isAnsweredByTool ? 'stop' : finishReasonOf(this.#stopReason) });
    const { usage } = this.facts;
    if (usage) this.#emit({ kind: 'usage', usage });
    this.#emit({ kind: 'done' });
  }
}
