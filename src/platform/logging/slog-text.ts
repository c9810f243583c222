/**
 * The text format of Go's slog, which users of the reference parse: `time=… level=INFO msg="…" key=value`.
 * @see spec extproc.md section 19, https://pkg.go.dev/log/slog#TextHandler.Handle
 */
export interface LogRecord {
  readonly time: string;
  readonly level: string;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

/** One line with its line end. Fields stand in the order of the record; objects and lists are shown as JSON. */
export function formatSlogText({ time, level, msg, ...fields }: LogRecord): string {
  let line = `time=${quoteIfNeeded(time)} level=${quoteIfNeeded(level)} msg=${quoteIfNeeded(msg ?? '')}`;
  for (const [key, value] of Object.entries(fields)) line += ` ${quoteIfNeeded(key)}=${quoteIfNeeded(textOf(value))}`;
  return `${line}\n`;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '<nil>';
  return JSON.stringify(value);
}

/** Blanks, control and format characters, unpaired surrogates, `"` and `=`: what slog puts into quotes. */
const UNQUOTABLE = /^$|[\p{C}\p{Z}"=]/u;
/** What `strconv.Quote` escapes: all that is not printable, and of the blanks only U+0020 is. */
const ESCAPED = /[\p{C}"\\]|(?! )\p{Z}/gu;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

const quoteIfNeeded = (text: string): string =>
  UNQUOTABLE.test(text) ? `"${text.replace(ESCAPED, escapeCharacter)}"` : text;

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0)!;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, '0');
