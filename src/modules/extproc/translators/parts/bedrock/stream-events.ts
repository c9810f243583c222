import { AwsEventStreamDecoder, type AwsEventMessage } from '../../../codec/aws-event-stream.js';
import { isJsonObject, objectOf, parseJsonLeniently, stringOf, type JsonObject } from '../../../codec/json-value.js';
import { UpstreamAnswerError } from '../../translator.js';
import { awsStreamError } from '../aws/aws-error.js';
import {
  blockIndexOf,
  stopOf,
  tellReasoning,
  tellText,
  tellTool,
  usageOf,
  type AnswerEvent,
  type AnswerSink,
} from './answer-events.js';

/** An image of an answer is not kept beyond this many characters of base64. */
const IMAGE_CHARACTERS_MAX = 32 << 20;

interface OpenBlock {
  readonly index: number;
  readonly kind: 'text' | 'reasoning' | 'tool' | 'hidden tool' | 'image';
  readonly imageFormat?: string;
}

/**
 * Tells a streamed answer:
 *
 *     messageStart (contentBlockStart? contentBlockDelta* contentBlockStop)* messageStop metadata
 *
 * Only blocks of tools and images are announced by `contentBlockStart`; others open with their first delta (translators.md
 * G1). `metadata` may come before `messageStop`; the answer ends when both are there. State: the open block, the bytes of
 * an image, the usage until it is told, and which of the two were seen.
 * @see spec translators.md 5.3, "Streaming", and 18.4.3
 */
export class ConverseStream {
  readonly #decoder = new AwsEventStreamDecoder((message) => this.#onMessage(message));
  #open: OpenBlock | undefined;
  /** The open tool has no input yet. */
  #isInputMissing = false;
  #imageData: string[] = [];
  #imageCharacters = 0;
  #hasStopped = false;
  #hasMetadata = false;
  /** Not told yet: it may come before `messageStop`, and clients read it last. */
  #usage: AnswerEvent | undefined;
  #isOver = false;

  constructor(readonly on: AnswerSink) {}

  /** @throws {FramingError} @throws {UpstreamAnswerError} */
  push(chunk: Uint8Array): void {
    if (!this.#isOver) this.#decoder.push(chunk);
  }

  /** @throws {FramingError} @throws {UpstreamAnswerError} when the answer is not complete */
  end(): void {
    if (this.#isOver) return;
    if (this.#hasStopped) {
      this.#finish({ kind: 'end' });
      return;
    }
    this.#tellUsage();
    this.#decoder.end();
    throw new UpstreamAnswerError('AWSBedrock ended its stream before the event "messageStop"');
  }

  #onMessage(message: AwsEventMessage): void {
    if (this.#isOver) return;
    if (message.messageType === 'exception' || message.messageType === 'error') {
      this.#tellUsage();
      this.#finish({ kind: 'failure', error: awsStreamError(message) });
      return;
    }
    const read = READERS.get(message.eventType);
    if (read === undefined) return;
    const event = parseJsonLeniently(message.payload);
    if (!isJsonObject(event)) {
      throw new UpstreamAnswerError(`AWSBedrock sent an event "${message.eventType}" that is no JSON object`);
    }
    read(this, event);
  }

  onStart(event: JsonObject): void {
    const start = objectOf(event['start']);
    const index = blockIndexOf(event);
    if (isJsonObject(start['toolUse'])) {
      this.#close();
      const isShown = tellTool(start['toolUse'], this.on);
      this.#open = { index, kind: isShown ? 'tool' : 'hidden tool' };
      this.#isInputMissing = isShown;
    } else if (isJsonObject(start['image'])) {
      this.#enter({ index, kind: 'image', imageFormat: stringOf(start['image']['format']) ?? 'png' });
    }
  }

  onDelta(event: JsonObject): void {
    const delta = objectOf(event['delta']);
    const index = blockIndexOf(event);
    if (typeof delta['text'] === 'string') {
      this.#enter({ index, kind: 'text' });
      tellText(delta['text'], this.on);
    } else if (isJsonObject(delta['reasoningContent'])) {
      this.#enter({ index, kind: 'reasoning' });
      tellReasoning(delta['reasoningContent'], this.on);
    } else if (isJsonObject(delta['citation'])) {
      this.#enter({ index, kind: 'text' });
      this.on({ kind: 'citation', citation: delta['citation'] });
    } else if (isJsonObject(delta['toolUse'])) {
      this.#onToolInput(index, stringOf(delta['toolUse']['input']) ?? '');
    } else if (isJsonObject(delta['image'])) {
      this.#onImage(index, stringOf(objectOf(delta['image']['source'])['bytes']) ?? '');
    }
  }

  #onToolInput(index: number, text: string): void {
    if (this.#open?.index !== index || !this.#open.kind.endsWith('tool')) {
      throw new UpstreamAnswerError('AWSBedrock sent the input of a tool call that is not open');
    }
    if (text === '' || this.#open.kind !== 'tool') return;
    this.#isInputMissing = false;
    this.on({ kind: 'tool-input', text });
  }

  #onImage(index: number, data: string): void {
    if (this.#open?.kind !== 'image') this.#enter({ index, kind: 'image', imageFormat: 'png' });
    this.#imageCharacters += data.length;
    if (this.#imageCharacters > IMAGE_CHARACTERS_MAX) {
      throw new UpstreamAnswerError(`AWSBedrock sent images of more than ${IMAGE_CHARACTERS_MAX} characters`);
    }
    this.#imageData.push(data);
  }

  /** A block begins, unless it is the open one. */
  #enter(block: OpenBlock): void {
    if (this.#open?.index === block.index && this.#open.kind === block.kind) return;
    this.#close();
    this.#open = block;
  }

  onBlockStop(): void {
    this.#close();
  }

  #close(): void {
    if (this.#open === undefined) return;
    // A call without arguments has an empty object (translators.md G47).
    if (this.#isInputMissing) this.on({ kind: 'tool-input', text: '{}' });
    this.#isInputMissing = false;
    if (this.#imageData.length > 0) {
      const data = Buffer.concat(this.#imageData.map((part) => Buffer.from(part, 'base64'))).toString('base64');
      this.on({ kind: 'image', format: this.#open.imageFormat ?? 'png', data });
      this.#imageData = [];
    }
    this.#open = undefined;
    this.on({ kind: 'block-end' });
  }

  onMessageStop(event: JsonObject): void {
    this.#close();
    if (this.#hasStopped) return;
    this.#hasStopped = true;
    this.on(stopOf(event));
    this.#tellUsage();
    if (this.#hasMetadata) this.#finish({ kind: 'end' });
  }

  onMetadata(event: JsonObject): void {
    if (this.#hasMetadata) return;
    this.#hasMetadata = true;
    this.#usage = usageOf(event);
    if (!this.#hasStopped) return;
    this.#tellUsage();
    this.#finish({ kind: 'end' });
  }

  #tellUsage(): void {
    if (this.#usage) this.on(this.#usage);
    this.#usage = undefined;
  }

  #finish(event: AnswerEvent): void {
    this.#isOver = true;
    this.on(event);
  }
}

type Reader = (stream: ConverseStream, event: JsonObject) => void;

/** What is newer than this list is passed over. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['messageStart', (stream) => stream.on({ kind: 'begin' })],
  ['contentBlockStart', (stream, event) => stream.onStart(event)],
  ['contentBlockDelta', (stream, event) => stream.onDelta(event)],
  ['contentBlockStop', (stream) => stream.onBlockStop()],
  ['messageStop', (stream, event) => stream.onMessageStop(event)],
  ['metadata', (stream, event) => stream.onMetadata(event)],
]);
