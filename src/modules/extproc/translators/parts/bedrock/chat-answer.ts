import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { objectOf, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import { UpstreamAnswerError } from '../../translator.js';
import { annotationsOf, characterCount } from '../anthropic/citations.js';
import type { ThinkingBlock } from '../chat/chat-request.js';
import type { ChatChoice, ChatEvent, ChatResult, FinishReason, ResultToolCall } from '../chat/chat-result.js';
import type { AnswerEvent } from './answer-events.js';
import { finishReasonOf } from './stop-reason.js';

const CHOICE = 0;
const CITATIONS_MAX = 10_000;

/** What both views of an answer keep of its text: where the block began, and what it cites. */
class Citations {
  #characters = 0;
  #blockStart = 0;
  #cited: JsonObject[] = [];

  addText(text: string): void {
    this.#characters += characterCount(text);
  }

  add(citation: JsonObject): void {
    if (this.#cited.length >= CITATIONS_MAX) {
      throw new UpstreamAnswerError(`AWSBedrock cited more than ${CITATIONS_MAX} sources in one block`);
    }
    const { url } = objectOf(objectOf(citation['location'])['web']);
    this.#cited.push(url === undefined ? citation : { ...citation, url });
  }

  /** Annotations of the block that ends. */
  endBlock(): readonly JsonValue[] {
    const annotations = annotationsOf(this.#cited, { start: this.#blockStart, end: this.#characters });
    this.#cited = [];
    this.#blockStart = this.#characters;
    return annotations;
  }
}

const imagePart = (format: string, data: string): JsonValue => ({
  type: 'image_url',
  image_url: { url: `data:image/${format};base64,${data}` },
});

/** Collects a whole answer as the one choice of a chat. @see spec translators.md 5.3, "Response" */
export class ChatAnswer {
  readonly #citations = new Citations();
  #content: string | undefined;
  #reasoning = '';
  readonly #thinkingBlocks: ThinkingBlock[] = [];
  readonly #toolCalls: { id: string; name: string; arguments: string }[] = [];
  readonly #annotations: JsonValue[] = [];
  readonly #images: JsonValue[] = [];
  /** Of the open block. */
  #thinking = '';
  #signature = '';
  #finishReason: FinishReason = 'stop';
  #usage: TokenUsage | undefined;
  #serviceTier: string | undefined;

  on(event: AnswerEvent): void {
    switch (event.kind) {
      case 'text':
        this.#content = (this.#content ?? '') + event.text;
        this.#citations.addText(event.text);
        break;
      case 'reasoning':
        this.#reasoning += event.text;
        this.#thinking += event.text;
        break;
      case 'signature':
        this.#signature += event.signature;
        break;
      case 'redacted':
        this.#thinkingBlocks.push({ type: 'redacted_thinking', data: event.data });
        break;
      case 'tool':
        this.#toolCalls.push({ id: event.id, name: event.name, arguments: '' });
        break;
      case 'tool-input':
        this.#toolCalls.at(-1)!.arguments += event.text;
        break;
      case 'citation':
        this.#citations.add(event.citation);
        break;
      case 'image':
        this.#images.push(imagePart(event.format, event.data));
        break;
      case 'block-end':
        this.#endBlock();
        break;
      case 'stop':
        this.#finishReason = finishReasonOf(event.stopReason);
        break;
      case 'usage':
        this.#usage = event.usage;
        this.#serviceTier = event.serviceTier;
        break;
      default:
    }
  }

  #endBlock(): void {
    for (const annotation of this.#citations.endBlock()) this.#annotations.push(annotation);
    if (this.#thinking !== '' || this.#signature !== '') {
      this.#thinkingBlocks.push({
        type: 'thinking',
        thinking: this.#thinking,
        ...(this.#signature === '' ? {} : { signature: this.#signature }),
      });
    }
    this.#thinking = '';
    this.#signature = '';
  }

  result(id: string | undefined, model: string): ChatResult {
    return {
      id,
      model,
      choices: [this.#choice()],
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      ...(this.#serviceTier === undefined ? {} : { serviceTier: this.#serviceTier }),
    };
  }

  #choice(): ChatChoice {
    const toolCalls: readonly ResultToolCall[] = this.#toolCalls;
    return {
      index: CHOICE,
      content: this.#content,
      ...(this.#reasoning === '' ? {} : { reasoning: this.#reasoning }),
      thinkingBlocks: this.#thinkingBlocks,
      toolCalls,
      ...(this.#annotations.length === 0 ? {} : { annotations: this.#annotations }),
      ...(this.#images.length === 0 ? {} : { images: this.#images }),
      finishReason: this.#finishReason,
    };
  }
}

/** Tells a streamed answer as events of a chat. @see spec translators.md 5.3, "Streaming" */
export class ChatAnswerStream {
  readonly #citations = new Citations();
  #toolIndex = -1;

  constructor(private readonly emit: (event: ChatEvent) => void) {}

  on(event: AnswerEvent): void {
    switch (event.kind) {
      case 'begin':
        this.emit({ kind: 'role', choice: CHOICE });
        break;
      case 'text':
        this.#citations.addText(event.text);
        this.emit({ kind: 'text', choice: CHOICE, text: event.text });
        break;
      case 'reasoning':
        this.emit({ kind: 'reasoning', choice: CHOICE, text: event.text });
        break;
      case 'signature':
        this.emit({ kind: 'thinking-block', choice: CHOICE, block: { type: 'thinking', signature: event.signature } });
        break;
      case 'redacted':
        this.emit({ kind: 'thinking-block', choice: CHOICE, block: { type: 'redacted_thinking', data: event.data } });
        break;
      case 'tool':
        this.emit({
          kind: 'tool-call',
          choice: CHOICE,
          index: ++this.#toolIndex,
          id: event.id,
          name: event.name,
          arguments: '',
        });
        break;
      case 'tool-input':
        this.emit({ kind: 'tool-arguments', choice: CHOICE, index: this.#toolIndex, text: event.text });
        break;
      case 'citation':
        this.#citations.add(event.citation);
        break;
      case 'image':
        this.emit({ kind: 'images', choice: CHOICE, images: [imagePart(event.format, event.data)] });
        break;
      case 'block-end':
        this.#endBlock();
        break;
      case 'stop':
        this.emit({ kind: 'finish', choice: CHOICE, reason: finishReasonOf(event.stopReason) });
        break;
      case 'usage':
        this.emit({
          kind: 'usage',
          usage: event.usage,
          ...(event.serviceTier === undefined ? {} : { serviceTier: event.serviceTier }),
        });
        break;
      case 'failure':
        this.emit({ kind: 'error', error: event.error });
        this.emit({ kind: 'done' });
        break;
      case 'end':
        this.emit({ kind: 'done' });
        break;
    }
  }

  #endBlock(): void {
    const annotations = this.#citations.endBlock();
    if (annotations.length > 0) this.emit({ kind: 'annotations', choice: CHOICE, annotations });
  }
}
