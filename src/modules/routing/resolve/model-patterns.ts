import { RE2JS } from '@bufbuild/re2';

/**
 * What comparing names with the expressions of one route may cost, in instructions of their programs that are visited: 30 ns each
 * for the worst expressions and names that we found, less than 1 ns for usual ones.
 */
const WORK_MAX = 10_000_000;
/** Compiling an instruction costs as much as this many visits. */
const COMPILING = 100;
/** A range beyond ASCII that is without case is looked at character by character: 16 ms for one through all of Unicode. */
const WIDE_RANGE = 1_000_000;
/** Bound on the instructions of one program: more take 80 ms and longer to compile. */
const PROGRAM_MAX = 50_000;
/** RE2 repeats nothing more often, nested repetitions taken together. */
const REPETITIONS_MAX = 1000;
/** The engine keeps a state for each character at most, and is slow beyond 10,000 of them: a new one after this many names. */
const NAMES_PER_ENGINE = 16;

/** The names that an expression matches, or why that cannot be told. */
type PatternMatches = { readonly names: readonly string[] } | { readonly problem: string };

/**
 * Compares names with the regular expressions of one route. They run on an RE2 engine: they mean what they mean to Envoy, and take
 * time that is linear in expression and name. The work for all of them is bounded, and counted, not measured: the same route
 * comes to the same answer.
 */
export class ModelPatterns {
  #left = WORK_MAX;

  /**
   * The names that an expression matches from start to end, as a header match of Envoy does.
   *
   * @param names of 256 characters at most
   * @see https://www.envoyproxy.io/docs/envoy/v1.38.0/api-v3/type/matcher/v3/regex.proto
   */
  namesMatched(pattern: string, names: readonly string[]): PatternMatches {
    if (names.length === 0) return { names: [] };
    if (programBound(pattern) > PROGRAM_MAX) return { problem: 'it is too large' };
    const matched: string[] = [];
    let rest = names;
    do {
      if (!this.#spend(wideRanges(pattern) * WIDE_RANGE)) return TOO_MANY;
      const expression = compiled(pattern);
      if (expression === undefined) return { problem: 'it is no regular expression of RE2' };
      const { prefix, prog } = expression.re2();
      rest = rest.filter((name) => name.startsWith(prefix));
      const some = rest.slice(0, NAMES_PER_ENGINE);
      const visits = some.reduce((sum, name) => sum + name.length + 1, COMPILING);
      if (!this.#spend(prog.numInst() * visits)) return TOO_MANY;
      matched.push(...some.filter((name) => expression.testExact(name)));
      rest = rest.slice(NAMES_PER_ENGINE);
    } while (rest.length > 0);
    return { names: matched };
  }

  #spend(work: number): boolean {
    if (work > this.#left) return false;
    this.#left -= work;
    return true;
  }
}

const TOO_MANY = { problem: 'the names and the regular expressions of the route are too many to compare them all' };

/** Instructions of the program at most, within a small factor; too many when repetitions stand beside each other. */
function programBound(pattern: string): number {
  const counts = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, low, high]) => Number(high || low));
  const repetitions = counts.reduce((product, count) => Math.min(product * Math.max(count, 1), REPETITIONS_MAX), 1);
  return pattern.length * repetitions;
}

/** What may be a range beyond ASCII in an expression that is without case anywhere. */
function wideRanges(pattern: string): number {
  if (!/\(\?[a-zA-Z]*i/.test(pattern)) return 0;
  return pattern.match(/\\[pPx]|[^\0-\x7f]/g)?.length ?? 0;
}

/** Undefined: Envoy would refuse the expression. */
function compiled(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}
