import { FramingError } from '../../../codec/framing-error.js';
import {
  UpstreamAnswerError,
  type ResponseFacts,
  type StreamTranslator,
  type TranslatorEnv,
} from '../../translator.js';
import { MessageStreamWriter } from './message-stream-writer.js';

/**
 * Provider bytes in, calls of a {@link MessageStreamWriter} out. Any cut of the bytes gives the same calls. May throw
 * UpstreamAnswerError and FramingError: the client gets them as `error` event, and nothing is read any more.
 */
export interface MessageStreamReader {
  /** Learned so far. */
  readonly facts: ResponseFacts;
  push(chunk: Uint8Array): void;
  /** No bytes follow. A reader whose provider has no end marker finishes the message here. */
  end(): void;
}

/**
 * Makes the stream of a messages cell out of a reader. A stream that is over before the reader finished the message, an empty
 * one too, ends with an `error` event (translators.md G7).
 * @param model Shown to the client when the provider names none
 */
export function messageStream(
  env: TranslatorEnv,
  model: string,
  open: (writer: MessageStreamWriter) => MessageStreamReader,
): StreamTranslator {
  return new MessageStream(new MessageStreamWriter(env, model), open);
}

class MessageStream implements StreamTranslator {
  readonly #writer: MessageStreamWriter;
  readonly #reader: MessageStreamReader;
  #isBroken = false;

  constructor(writer: MessageStreamWriter, open: (writer: MessageStreamWriter) => MessageStreamReader) {
    this.#writer = writer;
    this.#reader = open(writer);
  }

  get facts(): ResponseFacts {
    return this.#reader.facts;
  }

  /** A finished message shows the final usage. */
  get isUsageFinal(): boolean {
    return this.#writer.isFinished && this.#reader.facts.usage !== undefined;
  }

  get hasError(): boolean {
    return this.#writer.hasError;
  }

  push(chunk: Uint8Array): Uint8Array {
    // Also behind the end of the message: what is learned there must not depend on how the bytes are cut.
    this.#read(() => this.#reader.push(chunk));
    return this.#writer.take();
  }

  end(): Uint8Array {
    this.#read(() => this.#reader.end());
    const what = this.#writer.isStarted ? 'before the answer was complete' : 'without an answer';
    this.#writer.error('api_error', `the provider's stream ended ${what}`);
    return this.#writer.take();
  }

  #read(act: () => void): void {
    if (this.#isBroken) return;
    try {
      act();
    } catch (error) {
      if (!(error instanceof UpstreamAnswerError || error instanceof FramingError)) throw error;
      this.#isBroken = true;
      this.#writer.error('api_error', `the provider's stream cannot be read: ${error.message}`);
    }
  }
}
