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
 * Most values of a text, objects and arrays among them. 50 MB may hold 17 million empty objects, which take 12 s and 2 GB to
 * build; this many take about a second at worst. A chat of 10,000 messages with 1,000 tools has 100,000.
 */
export const VALUES_MAX = 500_000;

/** JSON that is well-formed and too much to be built. */
export class JsonBoundError extends SyntaxError {
  override readonly name = 'JsonBoundError';
}

/** Begins a string that stands for a number; clients can write it only as the escape below. */
const MARK = '\u0000';
const ESCAPED_MARK = '\\u0000';

/**
 * Of a doubled key the last one counts.
 * @throws {SyntaxError} when the text is not exactly one JSON value
 * @throws {JsonBoundError} when it is nested deeper than {@link VALUE_NESTING_MAX} or holds more than {@link VALUES_MAX} values
 */
export function parseJson(text: string): JsonValue {
  const odd = oddNumbers(text);
  if (odd.length === 0) return bounded(JSON.parse(text) as JsonValue, text);
  if (!text.includes(ESCAPED_MARK)) {
    return withRawNumbers(bounded(JSON.parse(withMarkedNumbers(text, odd)) as JsonValue, text));
  }
  bounded(JSON.parse(text) as JsonValue, text);
  return json.parse(text, (_, member, { source }) =>
    typeof member === 'number' && source !== undefined && String(member) !== source ? json.rawJSON(source) : member,
  );
}

function bounded(value: JsonValue, text: string): JsonValue {
  if (text.length > 2 * VALUE_NESTING_MAX && isDeeperThan(value, VALUE_NESTING_MAX)) {
    throw new JsonBoundError(`JSON is nested deeper than ${VALUE_NESTING_MAX} levels`);
  }
  return value;
}

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const UPPER_E = 0x45;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const LOWER_E = 0x65;
const OPEN_BRACE = 0x7b;

/**
 * Start and end of each number that JavaScript would write in another way, found outside of strings; strings are skipped by
 * native searches. Counts the values on the way: each has a comma or an opening bracket before it, but the first one, and an
 * empty object counts for two. The text need not be JSON.
 */
function oddNumbers(text: string): readonly number[] {
  const found: number[] = [];
  let values = 1;
  for (let offset = 0; offset < text.length; offset++) {
    const code = text.charCodeAt(offset);
    if (code === QUOTE) {
      offset = closingQuote(text, offset);
    } else if (code === COMMA || code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++values > VALUES_MAX) throw new JsonBoundError(`JSON holds more than ${VALUES_MAX} values`);
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const end = numberEnd(text, offset + 1);
      if (isOdd(text, offset, end)) found.push(offset, end);
      offset = end - 1;
    }
  }
  return found;
}

function numberEnd(text: string, start: number): number {
  let end = start;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    const isPart =
      (code >= ZERO && code <= NINE) ||
      code === DOT ||
      code === MINUS ||
      code === PLUS ||
      code === LOWER_E ||
      code === UPPER_E;
    if (!isPart) break;
  }
  return end;
}

/** Numbers of fewer digits than doubles have, without an exponent and without a zero at an end, are written as they are read. */
const EXACT_LENGTH_MAX = 15;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const PLAIN = /^(?:-?[1-9]\d*|0|-?[1-9]\d*\.\d*[1-9]|-?0\.0{0,5}[1-9](?:\d*[1-9])?)$/;

function isOdd(text: string, start: number, end: number): boolean {
  // Most numbers have one or two digits.
  if (end - start <= 2 && text.charCodeAt(start) > ZERO && text.charCodeAt(end - 1) > ZERO) return false;
  const number = text.slice(start, end);
  if (number.length <= EXACT_LENGTH_MAX && PLAIN.test(number)) return false;
  return NUMBER.test(number) && String(Number(number)) !== number;
}

/**
 * The text with odd numbers as marked strings: one parse and one walk take a fifth of the time of a parse with a reviver, and
 * `"temperature": 1.0` is in many requests.
 */
function withMarkedNumbers(text: string, odd: readonly number[]): string {
  const pieces: string[] = [];
  let copied = 0;
  for (let index = 0; index < odd.length; index += 2) {
    const start = odd[index]!;
    const end = odd[index + 1]!;
    pieces.push(text.slice(copied, start), `"${ESCAPED_MARK}${text.slice(start, end)}"`);
    copied = end;
  }
  return pieces.join('') + text.slice(copied);
}

/** Puts numbers in the place of the marked strings of a value that nobody else has seen yet. */
function withRawNumbers(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.startsWith(MARK) ? json.rawJSON(value.slice(MARK.length)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const members = value as Record<string, JsonValue>;
  for (const name of Object.keys(members)) {
    const member = members[name]!;
    const revived = withRawNumbers(member);
    // Its own members only: an own `__proto__` is a member like any other.
    if (revived !== member) members[name] = revived;
  }
  return value;
}

/** Offset of the quote that ends the string which the one at `start` begins; the length of the text when there is none. */
function closingQuote(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
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
