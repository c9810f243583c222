import { AwsEventStreamDecoder, type AwsEventMessage } from '../../../codec/aws-event-stream.js';
import {
  isJsonObject,
  objectOf,
  parseJson,
  parseJsonLeniently,
  stringOf,
  type JsonValue,
} from '../../../codec/json-value.js';
import { SseDecoder, type SseEvent } from '../../../codec/sse-decoder.js';
import { UpstreamAnswerError, type ResponseFacts } from '../../translator.js';
import { awsStreamError } from '../aws/aws-error.js';
import type { ChatStreamReader } from '../chat/chat-backend.js';
import type { ClaudeEventReader } from './stream.js';

interface Decoder {
  push(chunk: Uint8Array): void;
  end(): void;
}

/** Claude's events out of the bytes of a stream, whatever frames them. */
class ClaudeStreamReader implements ChatStreamReader {
  constructor(
    private readonly events: ClaudeEventReader,
    private readonly decoder: Decoder,
  ) {}

  push(chunk: Uint8Array): void {
    // What follows the end is not looked at, be it well formed or not.
    if (!this.events.isDone) this.decoder.push(chunk);
  }

  end(): void {
    if (!this.events.isDone) this.decoder.end();
    this.events.end();
  }

  get facts(): ResponseFacts {
    return this.events.facts;
  }

  get isUsageFinal(): boolean {
    return this.events.isDone;
  }

  get hasError(): boolean {
    return this.events.hasError;
  }
}

/** Anthropic's and Vertex' server-sent events. */
export const sseReader = (events: ClaudeEventReader): ChatStreamReader =>
  new ClaudeStreamReader(events, new SseDecoder((event) => readEvent(events, event)));

const KNOWN_TYPES: ReadonlySet<string> = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
  'error',
]);

function readEvent(events: ClaudeEventReader, { type, data }: SseEvent): void {
  if (events.isDone || data === '[DONE]') return;
  const value = valueOf(data);
  if (isJsonObject(value)) events.read(stringOf(value['type']) ?? type, value);
  else if (type === '' || KNOWN_TYPES.has(type)) throw notAnObject();
  else events.read(type, {});
}

function valueOf(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Bedrock's frames, each with the base64 of one event. @see spec translators.md 2.6 */
export const awsReader = (events: ClaudeEventReader): ChatStreamReader =>
  new ClaudeStreamReader(events, new AwsEventStreamDecoder((message) => readMessage(events, message)));

function readMessage(events: ClaudeEventReader, message: AwsEventMessage): void {
  if (message.messageType === 'exception' || message.messageType === 'error') {
    events.fail(awsStreamError(message));
    return;
  }
  const bytes = stringOf(objectOf(parseJsonLeniently(message.payload))['bytes']);
  if (bytes === undefined) {
    if (message.eventType === 'chunk') throw new UpstreamAnswerError('a chunk of Bedrock\'s stream must have "bytes"');
    return;
  }
  const event = parseJsonLeniently(Buffer.from(bytes, 'base64'));
  if (!isJsonObject(event)) throw notAnObject();
  events.read(stringOf(event['type']) ?? '', event);
}

const notAnObject = () => new UpstreamAnswerError("an event of Anthropic's stream must be a JSON object");
