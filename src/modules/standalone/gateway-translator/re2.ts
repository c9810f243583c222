/**
 * Why a regular expression would make Envoy, which uses RE2, refuse the whole routing table; undefined when it would
 * not. RE2 knows no look-around and no references to groups. @see https://github.com/google/re2/wiki/Syntax
 */
export function re2Problem(expression: string): string | undefined {
  const withoutEscapes = expression.replaceAll(/\\[^0-9]/g, '_');
  if (/\(\?<?[=!]/.test(withoutEscapes)) return 'look-around is not supported';
  if (/\(\?>/.test(withoutEscapes)) return 'atomic groups are not supported';
  if (/\\[1-9]/.test(withoutEscapes)) return 'references to groups are not supported';
  for (const [, low, high] of withoutEscapes.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    if (Number(low) > REPETITIONS_MAX || Number(high ?? 0) > REPETITIONS_MAX) {
      return `a repetition may be at most ${REPETITIONS_MAX}`;
    }
  }
  const inJavaScript = expression
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?[imsU-]+\)/g, '')
    .replaceAll(/\(\?[imsU-]+:/g, '(?:');
  return parses(inJavaScript) ? undefined : 'it does not parse';
}

/** The platform's syntax is the same but for what is dealt with above. */
function parses(expression: string): boolean {
  try {
    return new RegExp(expression) instanceof RegExp;
  } catch {
    return false;
  }
}

const REPETITIONS_MAX = 1000;
