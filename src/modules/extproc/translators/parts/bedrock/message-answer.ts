import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { objectOf, parseJsonLeniently } from '../../../codec/json-value.js';
import type { ResponseFacts, ResponseHead } from '../../translator.js';
import { awsErrorType } from '../messages/aws-error.js';
import { mediaNote } from '../messages/media-note.js';
import type { MessageResult, ResultBlock } from '../messages/message-result.js';
import type { MessageStreamReader } from '../messages/message-stream.js';
import type { MessageStreamWriter } from '../messages/message-stream-writer.js';
import { tellWholeAnswer, type AnswerEvent, type AnswerSink } from './answer-events.js';
import { answerByTool } from './answer-tool.js';
import { stopReasonOf } from './stop-reason.js';
import { ConverseStream } from './stream-events.js';
import { REQUEST_ID } from './transport.js';

/** What the request half knows about the answer. */
export interface AnswerContext {
  readonly model: string;
  /** Name of the tool whose input is the answer. */
  readonly answerTool: string | undefined;
}

const through = ({ answerTool }: AnswerContext, sink: AnswerSink): AnswerSink =>
  answerTool === undefined ? sink : answerByTool(answerTool, sink);

/** A whole answer as a message. @throws {UpstreamAnswerError} @see spec translators.md 11.4, "Response" */
export function toMessageResult(head: ResponseHead, body: Uint8Array, context: AnswerContext): MessageResult {
  const message = new WholeMessage();
  tellWholeAnswer(
    body,
    through(context, (event) => message.on(event)),
  );
  return message.result(head.headers.get(REQUEST_ID), context.model);
}

class WholeMessage {
  readonly #content: ResultBlock[] = [];
  /** Of the open block. */
  #text = '';
  #thinking = '';
  #signature = '';
  #tool: { readonly id: string; readonly name: string; input: string } | undefined;
  #stop: Extract<AnswerEvent, { kind: 'stop' }> | undefined;
  #usage: TokenUsage | undefined;

  on(event: AnswerEvent): void {
    switch (event.kind) {
      case 'text':
        this.#text += event.text;
        break;
      case 'reasoning':
        this.#thinking += event.text;
        break;
      case 'signature':
        this.#signature += event.signature;
        break;
      case 'redacted':
        this.#content.push({ type: 'redacted_thinking', data: event.data });
        break;
      case 'tool':
        this.#tool = { id: event.id, name: event.name, input: '' };
        break;
      case 'tool-input':
        if (this.#tool) this.#tool.input += event.text;
        break;
      case 'image':
        this.#text += mediaNote(`image/${event.format}`);
        break;
      case 'block-end':
        this.#endBlock();
        break;
      case 'stop':
        this.#stop = event;
        break;
      case 'usage':
        this.#usage = event.usage;
        break;
      default:
    }
  }

  #endBlock(): void {
    if (this.#text !== '') this.#content.push({ type: 'text', text: this.#text });
    if (this.#thinking !== '' || this.#signature !== '') {
      this.#content.push({ type: 'thinking', thinking: this.#thinking, signature: this.#signature });
    }
    if (this.#tool) {
      const { id, name, input } = this.#tool;
      this.#content.push({ type: 'tool_use', id, name, input: objectOf(parseJsonLeniently(Buffer.from(input))) });
    }
    this.#text = '';
    this.#thinking = '';
    this.#signature = '';
    this.#tool = undefined;
  }

  result(id: string | undefined, model: string): MessageResult {
    const { stopReason, stopSequence } = this.#stop ?? {};
    return {
      id,
      model,
      content: this.#content,
      stopReason: stopReasonOf(stopReason),
      ...(stopSequence === undefined ? {} : { stopSequence }),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
    };
  }
}

/**
 * A streamed answer as a message. Its end is held back until the usage is known, which Converse tells last (translators.md
 * G2).
 */
export class MessageAnswerStream implements MessageStreamReader {
  readonly #stream: ConverseStream;
  #stop: Extract<AnswerEvent, { kind: 'stop' }> | undefined;
  #usage: TokenUsage | undefined;

  constructor(
    head: ResponseHead,
    context: AnswerContext,
    private readonly writer: MessageStreamWriter,
  ) {
    const id = head.headers.get(REQUEST_ID);
    const sink = through(context, (event) => this.#on(event));
    this.#stream = new ConverseStream((event) => {
      if (event.kind === 'usage') this.#usage = event.usage;
      if (event.kind !== 'failure') writer.start({ id, usage: this.#usage });
      sink(event);
    });
  }

  get facts(): ResponseFacts {
    return this.#usage === undefined ? {} : { usage: this.#usage };
  }

  push(chunk: Uint8Array): void {
    this.#stream.push(chunk);
  }

  end(): void {
    this.#stream.end();
  }

  #on(event: AnswerEvent): void {
    const { writer } = this;
    switch (event.kind) {
      case 'text':
        writer.text(event.text);
        break;
      case 'reasoning':
        writer.thinking(event.text);
        break;
      case 'signature':
        writer.signature(event.signature);
        break;
      case 'redacted':
        writer.redactedThinking(event.data);
        break;
      case 'tool':
        writer.toolUse(event.id, event.name);
        break;
      case 'tool-input':
        writer.toolInput(event.text);
        break;
      case 'image':
        writer.text(mediaNote(`image/${event.format}`));
        break;
      case 'block-end':
        writer.closeBlock();
        break;
      case 'stop':
        this.#stop = event;
        break;
      case 'failure':
        writer.error(awsErrorType(event.error.status), event.error.message);
        break;
      case 'end':
        writer.finish(stopReasonOf(this.#stop?.stopReason), this.#stop?.stopSequence, this.#usage ?? {});
        break;
      default:
    }
  }
}
