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

/** Only such numbers can differ from what JavaScript writes: many digits, a fraction that ends in 0, an exponent, -0. */
const ODD_NUMBER = /\d{16}|\d\.\d*0(?!\d)|\d[eE]|-0/;

/** @throws {SyntaxError} when the text is not exactly one JSON value. Of a doubled key the last one counts. */
export function parseJson(text: string): JsonValue {
  if (!ODD_NUMBER.test(text)) return JSON.parse(text) as JsonValue;
  return json.parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? json.rawJSON(source) : value,
  );
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
