import { isKey, type ByteRange } from '../../codec/json-scan.js';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  JsonSyntaxError,
  jsonSource,
  NULL,
  OPEN_BRACE,
  OPEN_BRACKET,
  skipKey,
  skipSpace,
  skipValue,
  unexpected,
  type JsonSource,
} from '../../codec/json-skip.js';
import { UpstreamAnswerError } from '../translator.js';

/** Steps into or over the value at an offset and returns the offset after it. */
export type ValueReader = (source: JsonSource, start: number) => number;

/**
 * Walks a provider's answer once: what a reader does not step into is stepped over. An answer of many embeddings is
 * megabytes of numbers, and every pass over them costs as much as building them.
 * @param members Readers of the top-level members by name; of a doubled key each occurrence is read, in their order
 * @throws {UpstreamAnswerError} when the answer is no JSON object
 */
export function walkAnswer(body: Uint8Array, members: Readonly<Record<string, ValueReader>>): void {
  const source = jsonSource(body);
  try {
    const start = skipSpace(body, 0);
    if (body[start] !== OPEN_BRACE) throw unexpected(body, start);
    const end = skipSpace(body, objectOf(members)(source, start));
    if (end !== body.length) throw unexpected(body, end);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new UpstreamAnswerError(`the answer must be a JSON object: ${error.message}`);
  }
}

/** Reads members of an object; steps over anything else. */
export function objectOf(members: Readonly<Record<string, ValueReader>>): ValueReader {
  const readers = Object.entries(members);
  return (source, start) => {
    const { bytes } = source;
    if (bytes[start] !== OPEN_BRACE) return skipValue(source, start);
    let offset = skipSpace(bytes, start + 1);
    if (bytes[offset] === CLOSE_BRACE) return offset + 1;
    for (;;) {
      const keyStart = offset;
      const valueStart = skipKey(source, keyStart);
      const read = readers.find(([name]) => isKey(source, keyStart, name))?.[1] ?? skipValue;
      offset = skipSpace(bytes, read(source, valueStart));
      if (bytes[offset] === CLOSE_BRACE) return offset + 1;
      if (bytes[offset] !== COMMA) throw unexpected(bytes, offset);
      offset = skipSpace(bytes, offset + 1);
    }
  };
}

/** Reads the items of an array; null is none. @throws {UpstreamAnswerError} for anything else */
export function arrayOf(name: string, item: ValueReader): ValueReader {
  return (source, start) => {
    const { bytes } = source;
    if (bytes[start] !== OPEN_BRACKET) {
      const end = skipValue(source, start);
      if (bytes[start] === NULL[0]) return end;
      throw new UpstreamAnswerError(`"${name}" of the answer must be an array`);
    }
    let offset = skipSpace(bytes, start + 1);
    if (bytes[offset] === CLOSE_BRACKET) return offset + 1;
    for (;;) {
      offset = skipSpace(bytes, item(source, offset));
      if (bytes[offset] === CLOSE_BRACKET) return offset + 1;
      if (bytes[offset] !== COMMA) throw unexpected(bytes, offset);
      offset = skipSpace(bytes, offset + 1);
    }
  };
}

/** Tells where a value lies. */
export const rangeTo =
  (found: (range: ByteRange) => void): ValueReader =>
  (source, start) => {
    const end = skipValue(source, start);
    found({ start, end });
    return end;
  };
