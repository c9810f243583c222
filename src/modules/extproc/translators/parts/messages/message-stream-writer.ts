import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { UpstreamAnswerError, type TranslatorEnv } from '../../translator.js';
import { anthropicUsage } from './anthropic-usage.js';
import type { StopReason } from './message-result.js';

type BlockKind = 'text' | 'thinking' | 'tool_use';

/** What a provider tells when it begins; the rest is made up. */
export interface MessageStart {
  readonly id?: string | undefined;
  /** Undefined or empty: the model that the writer was made for. */
  readonly model?: string | undefined;
  readonly usage?: TokenUsage | undefined;
}

/**
 * Writes the events of a streamed message so that every client can read them:
 *
 *     new ──start──▶ started ──finish──▶ ended      message_start … (block_start delta* block_stop)* … message_delta message_stop
 *      └──error──────────┴──────error──────▲        … error
 *
 * Blocks are opened by what is put into them and closed by whatever cannot go into them; indexes count up, blocks never
 * interleave, deltas go into an open block of their kind only. `start` is implied by the first block and by `finish`.
 * Once ended, calls write nothing.
 * @see spec translators.md 18.1.5
 */
export class MessageStreamWriter {
  readonly #env: TranslatorEnv;
  readonly #model: string;
  #state: 'new' | 'started' | 'finished' | 'failed' = 'new';
  #block: BlockKind | undefined;
  /** Of the open block, else of the next one. */
  #index = 0;
  /** The open thinking block has its signature, the last thing that may stand in it. */
  #isSigned = false;
  /** Beginning of a delta event of the open block, up to the JSON string. */
  #deltaHead = '';
  #startUsage: TokenUsage = {};
  #out = '';

  /** @param model Shown to the client when the provider names none. */
  constructor(env: TranslatorEnv, model: string) {
    this.#env = env;
    this.#model = model;
  }

  get isStarted(): boolean {
    return this.#state !== 'new';
  }

  /** True after `finish` or `error`. */
  get isEnded(): boolean {
    return this.isFinished || this.hasError;
  }

  get isFinished(): boolean {
    return this.#state === 'finished';
  }

  get hasError(): boolean {
    return this.#state === 'failed';
  }

  /** The kind of the block that deltas go into. */
  get openBlock(): BlockKind | undefined {
    return this.#block;
  }

  /** Only the first call counts. `usage` is shown at once, and again at the end as far as `finish` has nothing newer. */
  start({ id, model, usage = {} }: MessageStart = {}): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    this.#startUsage = usage;
    this.#event('message_start', {
      message: {
        id: id || this.#env.newId('msg_'),
        type: 'message',
        role: 'assistant',
        model: model || this.#model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: anthropicUsage(usage),
      },
    });
  }

  text(text: string): void {
    if (text === '' || this.isEnded) return;
    if (this.#block !== 'text') this.#open('text', { type: 'text', text: '' }, 'text_delta', 'text');
    this.#delta(text);
  }

  thinking(text: string): void {
    if (text === '' || this.isEnded) return;
    this.#openThinking();
    this.#delta(text);
  }

  /** Signs the open thinking block; without one that is unsigned, an empty one. */
  signature(signature: string): void {
    if (signature === '' || this.isEnded) return;
    this.#openThinking();
    this.#isSigned = true;
    this.#event('content_block_delta', { index: this.#index, delta: { type: 'signature_delta', signature } });
  }

  /** A block of its own. */
  redactedThinking(data: string): void {
    if (this.isEnded) return;
    this.#startBlock({ type: 'redacted_thinking', data });
    this.#stopBlock();
  }

  toolUse(id: string, name: string): void {
    if (this.isEnded) return;
    this.#open('tool_use', { type: 'tool_use', id, name, input: {} }, 'input_json_delta', 'partial_json');
  }

  /**
   * A piece of the JSON text of the open tool's input.
   * @throws {UpstreamAnswerError} when the open block is no tool
   */
  toolInput(jsonText: string): void {
    if (jsonText === '' || this.isEnded) return;
    if (this.#block !== 'tool_use') {
      throw new UpstreamAnswerError('the provider sent arguments of a tool call that is not open');
    }
    this.#delta(jsonText);
  }

  /** Closes the open block; nothing when there is none. */
  closeBlock(): void {
    if (this.#block === undefined || this.isEnded) return;
    this.#block = undefined;
    this.#stopBlock();
  }

  /** Tells the client that the stream is alive. */
  ping(): void {
    if (!this.isEnded) this.#event('ping', {});
  }

  /** Closes the message. Counters that `usage` lacks are those of `start`. */
  finish(stopReason: StopReason, stopSequence: string | undefined, usage: TokenUsage): void {
    if (this.isEnded) return;
    this.start();
    this.closeBlock();
    this.#event('message_delta', {
      delta: { stop_reason: stopReason, stop_sequence: stopSequence ?? null },
      usage: anthropicUsage({ ...this.#startUsage, ...usage }),
    });
    this.#event('message_stop', {});
    this.#state = 'finished';
  }

  /** Ends the stream, at any point; the open block stays open, as with Anthropic. @param type One of 18.1.6 */
  error(type: string, message: string): void {
    if (this.isEnded) return;
    this.#block = undefined;
    this.#event('error', { error: { type, message } });
    this.#state = 'failed';
  }

  /** What was written since the last call. */
  take(): Uint8Array {
    const bytes = Buffer.from(this.#out);
    this.#out = '';
    return bytes;
  }

  #openThinking(): void {
    if (this.#block === 'thinking' && !this.#isSigned) return;
    this.#open('thinking', { type: 'thinking', thinking: '', signature: '' }, 'thinking_delta', 'thinking');
    this.#isSigned = false;
  }

  #open(kind: BlockKind, block: object, deltaType: string, member: string): void {
    this.#startBlock(block);
    this.#block = kind;
    this.#deltaHead = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${this.#index},"delta":{"type":"${deltaType}","${member}":`;
  }

  #startBlock(block: object): void {
    this.start();
    this.closeBlock();
    this.#event('content_block_start', { index: this.#index, content_block: block });
  }

  #stopBlock(): void {
    this.#event('content_block_stop', { index: this.#index++ });
  }

  #delta(text: string): void {
    this.#out += `${this.#deltaHead}${JSON.stringify(text)}}}\n\n`;
  }

  #event(type: string, members: object): void {
    this.#out += `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
  }
}
