/**
 * JSON as a value. Numbers that JavaScript would write in another way (above 2^53, `1.0`, `1e3`) are kept as their text, so
 * that whatever is handed through keeps them (translators.md G36); {@link numberOf} reads both forms.
 */
export type JsonValue = null | boolean | number | string | RawNumber | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue | undefined;
}

/** What `JSON.rawJSON` makes of a number: a frozen object that `JSON.stringify` writes as its text. */
export interface RawNumber {
  readonly rawJSON: string;
}

/** TypeScript's library does not know these yet. @see https://github.com/tc39/proposal-json-parse-with-source */
interface JsonWithSource {
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
  parse(text: string, reviver: (key: string, value: JsonValue, context: { source?: string }) => JsonValue): JsonValue;
}

const json = JSON as unknown as JsonWithSource;

/**
 * Deepest nesting of a value. `JSON.stringify` and whatever walks a value are recursive: the stack ends at a few thousand.
 * A body that is passed through is never built, so that it may be deeper.
 */
export const VALUE_NESTING_MAX = 500;

/**
 * Only such numbers can differ from what JavaScript writes: 16 or more digits, a fraction that is tiny or ends in 0, an
 * exponent, -0. What stands before keeps most strings from matching: each match costs a second, slower parse.
 */
const ODD_NUMBER = /(?:^|[[:,\s])(?:-?(?:\d[\d.]{15}|\d+\.\d*0(?!\d)|\d+(?:\.\d+)?[eE]|0\.000000)|-0(?!\.))/;

/**
 * Of a doubled key the last one counts.
 * @throws {SyntaxError} when the text is not exactly one JSON value, or nested deeper than {@link VALUE_NESTING_MAX}
 */
export function parseJson(text: string): JsonValue {
  const value = JSON.parse(text) as JsonValue;
  if (text.length > 2 * VALUE_NESTING_MAX && isDeeperThan(value, VALUE_NESTING_MAX)) {
    throw new SyntaxError(`JSON is nested deeper than ${VALUE_NESTING_MAX} levels`);
  }
  if (!ODD_NUMBER.test(text)) return value;
  return json.parse(text, (_, member, { source }) =>
    typeof member === 'number' && source !== undefined && String(member) !== source ? json.rawJSON(source) : member,
  );
}

function isDeeperThan(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const members: readonly JsonValue[] = Array.isArray(value) ? value : Object.values(value);
  return members.some((member) => isDeeperThan(member, levels - 1));
}

/** As {@link parseJson}; bytes that are not UTF-8 read as U+FFFD. Undefined when they are not exactly one JSON value. */
export function parseJsonLeniently(bytes: Uint8Array): JsonValue | undefined {
  try {
    return parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !json.isRawJSON(value);
}

export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Undefined for what is no number. */
export function numberOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return json.isRawJSON(value) ? Number(value.rawJSON) : undefined;
}

export function stringOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The value's members; none for what is no object. */
export function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : NO_MEMBERS;
}

/** The value's items; none for what is no array. */
export function arrayOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isJsonArray(value) ? value : NO_ITEMS;
}

const NO_MEMBERS: JsonObject = {};
const NO_ITEMS: readonly JsonValue[] = [];

/** What an error message calls a value: never the value itself. */
export function kindOf(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return json.isRawJSON(value) ? 'a number' : 'an object';
  return `a ${typeof value}`;
}
