/**
 * Steps over JSON text without building anything: each function takes the offset of a token, checks it against RFC 8259
 * and returns the offset after it. UTF-8 inside strings is not checked (spec extproc.md 20.1: tolerated).
 */

/** Deepest nesting of objects and arrays inside a value; the stack below is sized by it. */
export const NESTING_MAX = 10_000;

/** Bytes that are not well-formed JSON. The message quotes at most one character of them. */
export class JsonSyntaxError extends Error {
  override readonly name: string = 'JsonSyntaxError';

  constructor(
    problem: string,
    /** Zero-based offset of the byte that cannot stand where it stands. */
    readonly offset: number,
  ) {
    super(`${problem} at byte ${offset}`);
  }
}

/** Bytes with an unaligned 32-bit view on them: four bytes of a string are looked at in one step. */
export interface JsonSource {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export function jsonSource(bytes: Uint8Array): JsonSource {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

export const TRUE = [0x74, 0x72, 0x75, 0x65];
export const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65];
export const NULL = [0x6e, 0x75, 0x6c, 0x6c];

export function unexpected(bytes: Uint8Array, offset: number): JsonSyntaxError {
  const byte = bytes[offset];
  if (byte === undefined) return new JsonSyntaxError('unexpected end', offset);
  const isPrintable = byte >= 0x20 && byte < 0x7f;
  const shown = isPrintable ? JSON.stringify(String.fromCharCode(byte)) : `0x${byte.toString(16).padStart(2, '0')}`;
  return new JsonSyntaxError(`unexpected ${shown}`, offset);
}

export function skipSpace(bytes: Uint8Array, start: number): number {
  let offset = start;
  for (;;) {
    const byte = bytes[offset];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return offset;
    offset++;
  }
}

/** `start` is the offset of the opening quote; returns the offset after the closing one. */
export function skipString(source: JsonSource, start: number): number {
  const { bytes, view } = source;
  const lastWord = bytes.length - 4;
  let offset = start + 1;
  for (;;) {
    // The zero-byte trick of "Bit Twiddling Hacks" on four bytes: stops at a quote, a backslash or a control character.
    // With bit 1 flipped, quote (0x22) becomes 0x20, so that one comparison with 0x21 finds quotes and controls.
    while (offset <= lastWord) {
      const word = view.getInt32(offset, true);
      const special = ((word ^ 0x02020202) - 0x21212121) | ((word ^ 0x5c5c5c5c) - 0x01010101);
      if ((special & ~word & 0x80808080) !== 0) break;
      offset += 4;
    }
    let byte = bytes[offset];
    while (byte !== undefined && byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) byte = bytes[++offset];
    if (byte === QUOTE) return offset + 1;
    if (byte !== BACKSLASH) throw unexpected(bytes, offset);
    offset = skipEscape(bytes, offset);
  }
}

function skipEscape(bytes: Uint8Array, start: number): number {
  const offset = start + 1;
  switch (bytes[offset]) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // slash
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return offset + 1;
    case LETTER_U:
      for (let digit = offset + 1; digit <= offset + 4; digit++)
        if (!isHex(bytes[digit])) throw unexpected(bytes, digit);
      return offset + 5;
    default:
      throw unexpected(bytes, offset);
  }
}

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

function skipDigits(bytes: Uint8Array, start: number): number {
  let offset = start;
  for (;;) {
    const byte = bytes[offset];
    if (byte === undefined || byte < 0x30 || byte > 0x39) break;
    offset++;
  }
  if (offset === start) throw unexpected(bytes, offset);
  return offset;
}

function skipNumber(bytes: Uint8Array, start: number): number {
  let offset = bytes[start] === 0x2d ? start + 1 : start;
  offset = bytes[offset] === 0x30 ? offset + 1 : skipDigits(bytes, offset);
  if (bytes[offset] === 0x2e) offset = skipDigits(bytes, offset + 1);
  const exponent = bytes[offset];
  if (exponent === 0x65 || exponent === 0x45) {
    const sign = bytes[offset + 1];
    offset = skipDigits(bytes, sign === 0x2b || sign === 0x2d ? offset + 2 : offset + 1);
  }
  return offset;
}

export function skipLiteral(bytes: Uint8Array, start: number, literal: readonly number[]): number {
  for (let index = 1; index < literal.length; index++) {
    if (bytes[start + index] !== literal[index]) throw unexpected(bytes, start + index);
  }
  return start + literal.length;
}

/** `start` is the offset of a key's opening quote; returns the offset of the member's value. */
export function skipKey(source: JsonSource, start: number): number {
  const { bytes } = source;
  if (bytes[start] !== QUOTE) throw unexpected(bytes, start);
  const colon = skipSpace(bytes, skipString(source, start));
  if (bytes[colon] !== COLON) throw unexpected(bytes, colon);
  return skipSpace(bytes, colon + 1);
}

function skipScalar(source: JsonSource, start: number): number {
  const { bytes } = source;
  switch (bytes[start]) {
    case QUOTE:
      return skipString(source, start);
    case 0x74:
      return skipLiteral(bytes, start, TRUE);
    case 0x66:
      return skipLiteral(bytes, start, FALSE);
    case 0x6e:
      return skipLiteral(bytes, start, NULL);
    default:
      return skipNumber(bytes, start);
  }
}

/** The closing bytes of the open objects and arrays. Shared by all scans: a scan never waits or re-enters. */
const closers = new Uint8Array(NESTING_MAX);

/** `start` is the first byte of a value; returns the offset after its last one. */
export function skipValue(source: JsonSource, start: number): number {
  const { bytes } = source;
  let offset = start;
  let depth = 0;
  for (;;) {
    const byte = bytes[offset];
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === NESTING_MAX) throw new JsonSyntaxError(`nesting deeper than ${NESTING_MAX}`, offset);
      const closer = byte + 2;
      closers[depth++] = closer;
      offset = skipSpace(bytes, offset + 1);
      if (bytes[offset] !== closer) {
        if (closer === CLOSE_BRACE) offset = skipKey(source, offset);
        continue;
      }
    } else {
      offset = skipScalar(source, offset);
      if (depth === 0) return offset;
      offset = skipSpace(bytes, offset);
    }
    // Behind a value, or at the closer of an empty container: close what ends here, then step to the next value.
    while (bytes[offset] === closers[depth - 1]) {
      depth--;
      if (depth === 0) return offset + 1;
      offset = skipSpace(bytes, offset + 1);
    }
    if (bytes[offset] !== COMMA) throw unexpected(bytes, offset);
    offset = skipSpace(bytes, offset + 1);
    if (closers[depth - 1] === CLOSE_BRACE) offset = skipKey(source, offset);
  }
}
