import { UserFacingError } from '../../shared/errors.js';
import { formatGoDuration, parseGoDurationMs } from './go-duration.js';

/**
 * Flags in the syntax of Go's `flag` package: one or two dashes, `-flag value` or `-flag=value`; a boolean takes its value
 * only with `=`. `--` or the first word that is not a flag ends the parsing, and the rest is ignored; of a flag that is
 * given twice the later value counts.
 * @see https://pkg.go.dev/flag#hdr-Command_line_flag_syntax
 */
export interface FlagType<T> {
  /** How the value is named in `help`; empty for a boolean. */
  readonly placeholder: string;
  /** What is expected, for the error text. */
  readonly expected: string;
  /** The value of the text, undefined if it is none. */
  parse(text: string): T | undefined;
  format(value: T): string;
}

export interface Flag<T> {
  readonly type: FlagType<T>;
  readonly initial: T;
  readonly summary: string;
}

type AnyFlag = Flag<string> | Flag<string | undefined> | Flag<number> | Flag<boolean>;
export type FlagTable = Readonly<Record<string, AnyFlag>>;
export type FlagValues<Table extends FlagTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Flag<infer T> ? T : never;
};

const TEXT: FlagType<string> = {
  placeholder: 'string',
  expected: 'text',
  parse: (text) => text,
  format: (value) => JSON.stringify(value),
};
const INTEGER: FlagType<number> = {
  placeholder: 'int',
  expected: 'a whole number',
  parse: parseInt64,
  format: (value) => (value === Number.MAX_SAFE_INTEGER ? 'unlimited' : String(value)),
};
const DURATION: FlagType<number> = {
  placeholder: 'duration',
  expected: 'a duration such as 500ms, 15s or 1h30m',
  parse: parseGoDurationMs,
  format: formatGoDuration,
};
const BOOLEANS: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false])),
};
const BOOLEAN: FlagType<boolean> = {
  placeholder: '',
  expected: 'true or false',
  parse: (text) => (Object.hasOwn(BOOLEANS, text) ? BOOLEANS[text] : undefined),
  format: String,
};

export const textFlag = (initial: string, summary: string): Flag<string> => ({ type: TEXT, initial, summary });
export const integerFlag = (initial: number, summary: string): Flag<number> => ({ type: INTEGER, initial, summary });
export const durationFlag = (initialMs: number, summary: string): Flag<number> => ({
  type: DURATION,
  initial: initialMs,
  summary,
});
export const booleanFlag = (summary: string, initial = false): Flag<boolean> => ({ type: BOOLEAN, initial, summary });
/** A text flag for which "not given" differs from "given as empty". */
export const optionalTextFlag = (summary: string): Flag<string | undefined> => ({
  type: { ...TEXT, format: (value) => (value === undefined ? 'unset' : TEXT.format(value)) },
  initial: undefined,
  summary,
});

/** Whole numbers up to 2^63-1, as the reference takes them; what a double cannot hold exactly counts as "unlimited". */
function parseInt64(text: string): number | undefined {
  if (!/^[+-]?(?:0|[1-9]\d*)$/.test(text)) return undefined;
  const value = BigInt(text);
  if (value > 0x7fff_ffff_ffff_ffffn || value < -0x8000_0000_0000_0000n) return undefined;
  const exact = Number(value);
  return Math.max(Math.min(exact, Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER);
}

/**
 * Values of all flags of the table, defaults where a flag is not given.
 * @throws UserFacingError at the first unknown flag, missing value or value that does not parse
 */
export function parseFlags<Table extends FlagTable>(table: Table, argv: readonly string[]): FlagValues<Table> {
  const values = new Map<string, unknown>(Object.entries(table).map(([name, flag]) => [name, flag.initial]));
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!;
    if (word === '--' || !word.startsWith('-') || word === '-') break;
    const [, name, inlineValue] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) throw new UserFacingError(`bad flag syntax: ${word}`);
    if (!Object.hasOwn(table, name))
      throw new UserFacingError(`flag provided but not defined: -${name}; -help lists all flags`);
    const { type } = table[name]!;
    let text = inlineValue;
    if (text === undefined) {
      if (type === BOOLEAN) text = 'true';
      else if (++index < argv.length) text = argv[index]!;
      else throw new UserFacingError(`flag needs an argument: -${name}; expected ${type.expected}`);
    }
    const value = type.parse(text);
    if (value === undefined) {
      throw new UserFacingError(`invalid value ${JSON.stringify(text)} for flag -${name}: expected ${type.expected}`);
    }
    values.set(name, value);
  }
  // The map holds exactly the names of the table, each with a value that its own type parsed.
  return Object.fromEntries(values) as FlagValues<Table>;
}

/** Whether `-h` or `-help` is among the flags; words after the end of the flags do not count. */
export function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? argv.length : end).some((word) => /^--?(?:h|help)$/.test(word));
}

/** One block for each flag, in the order of the table: name, placeholder and default, then the summary. */
export function describeFlags(table: FlagTable): string {
  return Object.entries(table)
    .map(([name, flag]) => `${heading(name, flag)}\n      ${flag.summary}\n`)
    .join('');
}

function heading(name: string, flag: AnyFlag): string {
  const { type, initial } = flag as Flag<unknown>;
  return `  -${name}${type.placeholder && ` ${type.placeholder}`} (default ${type.format(initial)})`;
}
