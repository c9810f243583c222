import type { TokenUsage } from '../../../../../shared/token-usage.js';
import type { JsonObject } from '../../../codec/json-value.js';
import { UpstreamAnswerError, type TranslatorEnv } from '../../translator.js';
import { mediaNote } from '../messages/media-note.js';
import type { MessageResult, ResultBlock, StopReason } from '../messages/message-result.js';
import type { MessageStreamWriter } from '../messages/message-stream-writer.js';
import { parseAnswer, type AnswerPart, type GeminiAnswer } from './answer.js';
import { BLOCKED, toStopReason } from './finish-reason.js';
import { tagSignature } from './signature.js';
import { NO_USAGE, UsageReader } from './usage.js';

/** Where an answer's content goes: each call opens the block that it needs and closes the others. */
interface BlockSink extends Pick<MessageStreamWriter, 'text' | 'thinking' | 'signature'> {
  toolUse(id: string, name: string, input: JsonObject): void;
}

/** Calls of Gemini come in one piece. */
export const streamSink = (writer: MessageStreamWriter): BlockSink => ({
  text: (text) => writer.text(text),
  thinking: (text) => writer.thinking(text),
  signature: (signature) => writer.signature(signature),
  toolUse(id, name, input) {
    writer.toolUse(id, name);
    writer.toolInput(JSON.stringify(input));
    writer.closeBlock();
  },
});

/**
 * An answer for a client of Anthropic, from one object or from all objects of a stream. Only the first candidate counts: no
 * more are asked for. @see spec translators.md 18.2.6
 */
export class MessageAnswer {
  readonly #usage = new UsageReader();
  #hasCalls = false;
  #hasContent = false;
  #isBegun = false;
  #isBlocked = false;
  /** The last one counts: some models repeat STOP on every object of a stream. */
  #finishReason: string | undefined;

  constructor(
    private readonly sink: BlockSink,
    private readonly env: TranslatorEnv,
  ) {}

  get usage(): TokenUsage | undefined {
    return this.#usage.usage;
  }

  /** A candidate arrived, or the prompt was blocked. */
  get isBegun(): boolean {
    return this.#isBegun || this.#isBlocked;
  }

  /** It told why it ended, or ended with calls, which Gemini leaves without a reason at times. */
  get isComplete(): boolean {
    return this.#finishReason !== undefined || this.#hasCalls;
  }

  /** Undefined when the answer went wrong and has no content. */
  get stopReason(): StopReason | undefined {
    const reason = toStopReason(this.#finishReason ?? 'STOP', this.#hasCalls);
    if (reason !== undefined || !this.#hasContent) return reason;
    return this.#hasCalls ? 'tool_use' : 'end_turn';
  }

  /** For a stream, which shows the first counters before any content. */
  addUsage({ usageMetadata }: GeminiAnswer): void {
    this.#usage.add(usageMetadata);
  }

  addContent(answer: GeminiAnswer): void {
    if (answer.block !== undefined) {
      this.#isBlocked ||= !this.#isBegun;
      this.#finishReason = BLOCKED;
    }
    const candidate = answer.candidates.find(({ index }) => index === 0);
    if (candidate === undefined || this.#isBlocked) return;
    this.#isBegun = true;
    for (const part of candidate.parts) this.#addPart(part);
    this.#finishReason = candidate.finishReason ?? this.#finishReason;
  }

  /** A signature goes into a thinking block right before the block that it belongs to (18.2.5). */
  #addPart(part: AnswerPart): void {
    if (part.kind === 'thought') this.sink.thinking(part.text);
    if (part.signature !== undefined) this.sink.signature(tagSignature(part.signature));
    switch (part.kind) {
      case 'thought':
        break;
      case 'text':
        this.#addText(part.text);
        break;
      case 'media':
        this.#addText(mediaNote(part.mimeType));
        break;
      case 'call':
        this.#hasCalls = this.#hasContent = true;
        this.sink.toolUse(part.id ?? this.env.newId('toolu_'), part.name, part.args);
        break;
    }
  }

  #addText(text: string): void {
    this.#hasContent ||= text !== '';
    this.sink.text(text);
  }
}

/** A whole answer. @throws {UpstreamAnswerError} for what is no answer, and for one that went wrong without content */
export function toMessageResult(body: Uint8Array, requestModel: string, env: TranslatorEnv): MessageResult {
  const blocks = new BlockCollector();
  const reader = new MessageAnswer(blocks, env);
  const answer = parseAnswer(body);
  reader.addUsage(answer);
  reader.addContent(answer);
  if (!reader.isBegun) throw new UpstreamAnswerError('expected candidates, or the reason why there are none');
  const { stopReason } = reader;
  if (stopReason === undefined) throw new UpstreamAnswerError('the model failed to answer: its answer has no content');
  return {
    id: undefined,
    model: answer.model ?? requestModel,
    content: blocks.content,
    stopReason,
    usage: reader.usage ?? NO_USAGE,
  };
}

/** The same blocks as a stream has. */
class BlockCollector implements BlockSink {
  readonly content: ResultBlock[] = [];

  text(text: string): void {
    if (text === '') return;
    const last = this.content.at(-1);
    if (last?.type === 'text') this.#replaceLast({ ...last, text: last.text + text });
    else this.content.push({ type: 'text', text });
  }

  thinking(text: string): void {
    if (text === '') return;
    const last = this.content.at(-1);
    if (last?.type === 'thinking' && last.signature === '') {
      this.#replaceLast({ ...last, thinking: last.thinking + text });
    } else {
      this.content.push({ type: 'thinking', thinking: text, signature: '' });
    }
  }

  signature(signature: string): void {
    const last = this.content.at(-1);
    if (last?.type === 'thinking' && last.signature === '') this.#replaceLast({ ...last, signature });
    else this.content.push({ type: 'thinking', thinking: '', signature });
  }

  toolUse(id: string, name: string, input: JsonObject): void {
    this.content.push({ type: 'tool_use', id, name, input });
  }

  #replaceLast(block: ResultBlock): void {
    this.content[this.content.length - 1] = block;
  }
}
