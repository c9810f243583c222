import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  FALSE,
  type JsonSource,
  jsonSource,
  NULL,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipKey,
  skipLiteral,
  skipSpace,
  skipString,
  skipValue,
  TRUE,
  unexpected,
} from './json-skip.js';

export { JsonSyntaxError } from './json-skip.js';

/** Where a value lies in the bytes it was found in: `start` inclusive, `end` exclusive, no white space around. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Value ranges by member name, in the order of the document; a doubled key has several, an absent one no entry. */
export type MemberRanges = ReadonlyMap<string, readonly ByteRange[]>;

export interface InsertionPoint {
  /** Right behind the opening brace. */
  readonly offset: number;
  /** An inserted member needs a comma behind it unless the object is empty. */
  readonly isEmpty: boolean;
}

/** Called with the offset of a member's opening quote and the range of its value, end exclusive. */
export type MemberVisitor = (keyStart: number, valueStart: number, valueEnd: number) => void;

/**
 * Finds the wanted top-level members of a body that holds exactly one JSON object, and checks the whole text on the way.
 * Keys are compared as they read when unescaped, with case. A body of `null` is refused here: ask {@link isNullDocument}.
 * @throws {JsonSyntaxError} on anything else: an array, a byte order mark, bytes behind the object, nesting above 10,000.
 * @see spec extproc.md section 20.1
 */
export function scanObject(bytes: Uint8Array, names: readonly string[]): MemberRanges {
  const source = jsonSource(bytes);
  const found = new Map<string, ByteRange[]>();
  walkDocument(source, collector(source, names, found));
  return found;
}

/** Visits the top-level members of a document that must hold exactly one object. @throws {JsonSyntaxError} */
export function walkDocument(source: JsonSource, visit: MemberVisitor): void {
  const { bytes } = source;
  const end = skipSpace(bytes, walkObject(source, skipSpace(bytes, 0), visit));
  if (end !== bytes.length) throw unexpected(bytes, end);
}

/** As {@link scanObject}, for an object inside a scanned document; empty when the value is not an object. */
export function memberRanges(bytes: Uint8Array, objectRange: ByteRange, names: readonly string[]): MemberRanges {
  const found = new Map<string, ByteRange[]>();
  if (bytes[objectRange.start] !== OPEN_BRACE) return found;
  const source = jsonSource(bytes);
  walkObject(source, objectRange.start, collector(source, names, found));
  return found;
}

/** All elements of an array inside a scanned document; undefined when the value is not an array. */
export function elementRanges(bytes: Uint8Array, arrayRange: ByteRange): readonly ByteRange[] | undefined {
  if (bytes[arrayRange.start] !== OPEN_BRACKET) return undefined;
  const source = jsonSource(bytes);
  const elements: ByteRange[] = [];
  let start = skipSpace(bytes, arrayRange.start + 1);
  while (bytes[start] !== CLOSE_BRACKET) {
    const end = skipValue(source, start);
    elements.push({ start, end });
    start = skipSpace(bytes, end);
    if (bytes[start] === COMMA) start = skipSpace(bytes, start + 1);
  }
  return elements;
}

/** True for the text `null` with white space around it: some endpoints read it as an empty request. */
export function isNullDocument(bytes: Uint8Array): boolean {
  const start = skipSpace(bytes, 0);
  if (bytes.length - start < NULL.length || !NULL.every((byte, index) => bytes[start + index] === byte)) return false;
  return skipSpace(bytes, skipLiteral(bytes, start, NULL)) === bytes.length;
}

/** Where a member can be added. Without a range: to the top-level object of the document. */
export function insertionPoint(bytes: Uint8Array, objectRange?: ByteRange): InsertionPoint {
  const start = objectRange?.start ?? skipSpace(bytes, 0);
  if (bytes[start] !== OPEN_BRACE) throw unexpected(bytes, start);
  return { offset: start + 1, isEmpty: bytes[skipSpace(bytes, start + 1)] === CLOSE_BRACE };
}

/** `start` is the offset of the opening brace; returns the offset after the closing one. */
export function walkObject(source: JsonSource, start: number, visit: MemberVisitor): number {
  const { bytes } = source;
  if (bytes[start] !== OPEN_BRACE) throw unexpected(bytes, start);
  let offset = skipSpace(bytes, start + 1);
  if (bytes[offset] === CLOSE_BRACE) return offset + 1;
  for (;;) {
    const keyStart = offset;
    const valueStart = skipKey(source, keyStart);
    const valueEnd = skipValue(source, valueStart);
    visit(keyStart, valueStart, valueEnd);
    offset = skipSpace(bytes, valueEnd);
    const byte = bytes[offset];
    if (byte === CLOSE_BRACE) return offset + 1;
    if (byte !== COMMA) throw unexpected(bytes, offset);
    offset = skipSpace(bytes, offset + 1);
  }
}

function collector(source: JsonSource, names: readonly string[], found: Map<string, ByteRange[]>): MemberVisitor {
  return (keyStart, start, end) => {
    for (const name of names) {
      if (!isKey(source, keyStart, name)) continue;
      const ranges = found.get(name);
      if (ranges === undefined) found.set(name, [{ start, end }]);
      else ranges.push({ start, end });
      return;
    }
  };
}

/** Whether the key whose opening quote is at `keyStart` reads as `name`. */
export function isKey(source: JsonSource, keyStart: number, name: string): boolean {
  const { bytes } = source;
  const textStart = keyStart + 1;
  for (let index = 0; index <= name.length; index++) {
    const byte = bytes[textStart + index];
    if (byte === undefined || byte === BACKSLASH || byte >= 0x80) return readKey(source, keyStart) === name;
    if (byte === QUOTE) return index === name.length;
    if (byte !== name.charCodeAt(index)) return false;
  }
  return false;
}

function readKey(source: JsonSource, keyStart: number): string | undefined {
  return readString(source.bytes, { start: keyStart, end: skipString(source, keyStart) });
}

/** The string of a scanned range; undefined for another kind of value. Bad UTF-8 becomes U+FFFD. */
export function readString(bytes: Uint8Array, range: ByteRange): string | undefined {
  if (bytes[range.start] !== QUOTE) return undefined;
  const text = textOf(bytes, range);
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
}

/** The boolean of a scanned range; undefined for another kind of value. */
export function readBoolean(bytes: Uint8Array, range: ByteRange): boolean | undefined {
  const first = bytes[range.start];
  if (first === TRUE[0]) return true;
  return first === FALSE[0] ? false : undefined;
}

/** The value of a scanned range as objects. For small values: it costs what `JSON.parse` costs. */
export function readJson(bytes: Uint8Array, range: ByteRange): unknown {
  return JSON.parse(textOf(bytes, range)) as unknown;
}

function textOf(bytes: Uint8Array, range: ByteRange): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString('utf8', range.start, range.end);
}
