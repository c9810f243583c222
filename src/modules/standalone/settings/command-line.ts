import { parseFlags, type FlagTable, type FlagValues } from '../../../platform/config/flags.js';
import { UserFacingError } from '../../../shared/errors.js';
import { suggest } from '../resources/suggest.js';
import { UsageError } from './usage-error.js';

export interface CommandLine<Table extends FlagTable> {
  readonly values: FlagValues<Table>;
  /** Names of the flags that were given. */
  readonly given: ReadonlySet<string>;
  /** Words that are neither a flag nor the value of one. */
  readonly words: readonly string[];
}

/** Flags and words in any order; `-` is a word, and so is everything after `--`. Throws UsageError. */
export function parseCommandLine<Table extends FlagTable>(table: Table, argv: readonly string[]): CommandLine<Table> {
  const flags: string[] = [];
  const words: string[] = [];
  const given = new Set<string>();
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!;
    if (word === '--') {
      words.push(...argv.slice(index + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      words.push(word);
      continue;
    }
    flags.push(word);
    const name = word.replace(/^--?/, '').split('=', 1)[0]!;
    const near = Object.hasOwn(table, name) ? undefined : suggest(name, Object.keys(table));
    if (near !== undefined) {
      throw new UsageError(`flag provided but not defined: -${name}; did you mean -${near}? -help lists all flags`);
    }
    given.add(name);
    const takesNext = !word.includes('=') && Object.hasOwn(table, name) && typeof table[name]!.initial !== 'boolean';
    if (takesNext && index + 1 < argv.length) flags.push(argv[++index]!);
  }
  try {
    return { values: parseFlags(table, flags), given, words };
  } catch (error) {
    if (error instanceof UserFacingError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
