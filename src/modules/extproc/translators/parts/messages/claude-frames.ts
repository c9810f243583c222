import { AwsEventStreamDecoder, type AwsEventMessage } from '../../../codec/aws-event-stream.js';
import { FramingError } from '../../../codec/framing-error.js';
import { readString } from '../../../codec/json-scan.js';
import { scanLeniently } from '../../../codec/usage.js';
import { UpstreamAnswerError, type ResponseFacts, type StreamTranslator } from '../../translator.js';
import { AnthropicStreamObserver } from '../anthropic/observe.js';
import { awsStreamError } from '../aws/aws-error.js';
import { awsErrorType } from './aws-error.js';

const NOTHING = Buffer.alloc(0);
/** Anything else would be no line of its own. */
const EVENT_NAME = /^[\w.-]+$/;
/** White space of JSON that would end a line; inside of its strings they are escaped. */
const LINE_BREAKS = /[\r\n]+/g;

/**
 * Claude's stream events out of the frames of Bedrock's `invoke-with-response-stream`, each forwarded verbatim, whatever its
 * type (translators.md G8), with what is learned on the way. Failures of AWS, and a stream that ends before its
 * `message_stop`, become an `error` event; nothing follows an `error` or a `message_stop`.
 * @see spec translators.md 2.6 and 11.3
 */
export class ClaudeFrameStream implements StreamTranslator {
  readonly #decoder = new AwsEventStreamDecoder((message) => this.#onMessage(message));
  readonly #observer = new AnthropicStreamObserver();
  #out: Buffer[] = [];
  #hasEvents = false;
  #isEnded = false;

  get facts(): ResponseFacts {
    return this.#observer.facts;
  }

  get isUsageFinal(): boolean {
    return this.#observer.isUsageFinal;
  }

  get hasError(): boolean {
    return this.#observer.hasError;
  }

  push(chunk: Uint8Array): Uint8Array {
    this.#read(() => this.#decoder.push(chunk));
    return this.#take();
  }

  end(): Uint8Array {
    this.#read(() => this.#decoder.end());
    const what = this.#hasEvents ? 'before the answer was complete' : 'without an answer';
    if (!this.#isEnded) this.#fail('api_error', `the provider's stream ended ${what}`);
    this.#observer.end();
    return this.#take();
  }

  #read(act: () => void): void {
    if (this.#isEnded) return;
    try {
      act();
    } catch (error) {
      if (!(error instanceof UpstreamAnswerError || error instanceof FramingError)) throw error;
      this.#fail('api_error', `the provider's stream cannot be read: ${error.message}`);
    }
  }

  #onMessage(message: AwsEventMessage): void {
    if (this.#isEnded) return;
    if (message.messageType !== 'event') {
      const { message: text, status } = awsStreamError(message);
      this.#fail(awsErrorType(status), text);
      return;
    }
    const bytes = scanLeniently(message.payload, ['bytes'])?.get('bytes')?.at(-1);
    const base64 = bytes && readString(message.payload, bytes);
    // Frames of other kinds carry nothing for the client.
    if (base64 !== undefined) this.#forward(Buffer.from(base64, 'base64'));
  }

  #forward(event: Buffer): void {
    const members = scanLeniently(event, ['type']);
    const range = members?.get('type')?.at(-1);
    const type = range && readString(event, range);
    if (type === undefined) throw new UpstreamAnswerError('a chunk of Bedrock holds no JSON object with a "type"');
    this.#write(type, event.toString('utf8').replaceAll(LINE_BREAKS, ' '));
    this.#isEnded = type === 'message_stop' || type === 'error';
  }

  #fail(type: string, message: string): void {
    if (this.#isEnded) return;
    this.#write('error', JSON.stringify({ type: 'error', error: { type, message } }));
    this.#isEnded = true;
  }

  #write(type: string, data: string): void {
    this.#hasEvents = true;
    const event = Buffer.from(`${EVENT_NAME.test(type) ? `event: ${type}\n` : ''}data: ${data}\n\n`);
    this.#observer.push(event);
    this.#out.push(event);
  }

  #take(): Uint8Array {
    const bytes = this.#out.length === 0 ? NOTHING : Buffer.concat(this.#out);
    this.#out = [];
    return bytes;
  }
}
