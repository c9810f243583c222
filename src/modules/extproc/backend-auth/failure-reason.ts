/**
 * What went wrong when a credential was fetched, in words that are safe to log and to show: kinds of errors, system codes
 * and HTTP statuses, innermost last. Messages are left out, because they quote answers of servers and contents of files.
 */
export function failureReason(error: unknown): string {
  const words: string[] = [];
  let at: unknown = error;
  for (let depth = 0; depth < DEPTH_MAX && typeof at === 'object' && at !== null; depth++) {
    words.push(...wordsOf(at));
    at = member(at, 'cause') ?? firstOf(member(at, 'errors'));
  }
  return words.length === 0 ? 'it could not be fetched' : [...new Set(words)].join(', ');
}

const DEPTH_MAX = 5;
/** Letters only: no key or token is written so. */
const WORD = /^[A-Za-z][A-Za-z_]{2,47}$/;

function wordsOf(error: object): string[] {
  const response = member(error, 'response');
  const texts = [member(error, 'name'), member(error, 'code'), member(member(response, 'data'), 'error')];
  const statuses = [
    member(member(error, '$metadata'), 'httpStatusCode'),
    member(response, 'status'),
    member(error, 'statusCode'),
  ];
  return [
    ...texts.filter((text) => typeof text === 'string' && WORD.test(text) && text !== 'Error').map(String),
    ...statuses.filter((status) => typeof status === 'number').map((status) => `HTTP ${status}`),
  ];
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined);
