import {
  arrayOf,
  isJsonArray,
  isJsonObject,
  parseJson,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';
import { SseDecoder } from '../../../codec/sse-decoder.js';
import { UpstreamAnswerError } from '../../translator.js';
import { BareObjects } from './bare-objects.js';

const [BRACE, BRACKET] = [0x7b, 0x5b];
const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Bytes of a streamed answer to its objects. Usually they are server-sent events; a stream that begins like JSON is read as
 * JSON objects one after the other, or in an array, as Google sends them without `alt=sse`, and some errors with it. Any cut
 * of the bytes gives the same objects. After an error the decoder must not be used again.
 * @see spec translators.md 18.2.6 and 18.2.7
 */
export class AnswerDecoder {
  readonly #onObject: (object: JsonObject) => void;
  #framing: SseDecoder | BareObjects | undefined;

  constructor(onObject: (object: JsonObject) => void) {
    this.#onObject = onObject;
  }

  /** @throws {UpstreamAnswerError} for events that are no JSON objects @throws {FramingError} for one that is too large */
  push(chunk: Uint8Array): void {
    if (this.#framing) {
      this.#framing.push(chunk);
      return;
    }
    const start = chunk.findIndex((byte) => !WHITE_SPACE.has(byte));
    if (start === -1) return;
    const isBare = chunk[start] === BRACE || chunk[start] === BRACKET;
    this.#framing = isBare
      ? new BareObjects((text) => this.#read(text))
      : new SseDecoder(({ data }) => this.#read(data));
    this.#framing.push(chunk.subarray(start));
  }

  /** @throws as `push`, also for an object that is cut */
  end(): void {
    this.#framing?.end();
  }

  #read(text: string): void {
    const data = text.trim();
    // The end marker of OpenAI's dialect, which proxies put here too, says nothing.
    if (data === '' || data === '[DONE]') return;
    const value = valueOf(data);
    for (const item of isJsonArray(value) ? arrayOf(value) : [value]) {
      if (!isJsonObject(item)) throw new UpstreamAnswerError('expected a JSON object in each event of the stream');
      this.#onObject(item);
    }
  }
}

function valueOf(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
