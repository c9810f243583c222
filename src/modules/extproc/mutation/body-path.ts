import { UserFacingError } from '../../../shared/errors.js';

/** One step from a container to a value in it. */
export interface PathStep {
  /** What the step means in an object. */
  readonly key: string;
  /** What it means in an array, and that a missing container is made an array: `last` is `-1`. Absent: an object only. */
  readonly index?: number | 'last';
}

/** A step never addresses an element beyond this index: a missing one is reached by filling up with `null`. */
const INDEX_MAX = 9_999;

/** They make a path a query in the sjson library; what they would match is not known when the configuration is loaded. */
const QUERY_CHARACTERS = '*?#|@';

/**
 * Reads the path of a body mutation. `field` names its place in the configuration, for errors.
 * - A path that begins with `/` is a JSON pointer (RFC 6901); `-` as an index means behind the last element.
 * - Any other is a dotted path: `a.b`, array element `a.0`, `a.-1` (set: behind the last element, remove: the last one);
 *   `\` takes the next character literally, a step that begins with `:` is a key even if it looks like an index.
 * @throws {UserFacingError} on an empty step of a dotted path, a query character, a dangling escape, an index above 9,999.
 * @see spec extproc.md section 11.2 and X26
 */
export function parseBodyPath(path: string, field: string): readonly [PathStep, ...PathStep[]] {
  const refuse = (why: string) => new UserFacingError(`cannot use ${field} ${JSON.stringify(path)}: ${why}`);
  const [first, ...rest] = path.startsWith('/') ? pointerSteps(path, refuse) : dottedSteps(path, refuse);
  if (first === undefined) throw refuse('the path is empty');
  for (const { index } of [first, ...rest]) {
    if (typeof index === 'number' && index > INDEX_MAX) throw refuse(`array index ${index} is above ${INDEX_MAX}`);
  }
  return [first, ...rest];
}

type Refuse = (why: string) => UserFacingError;

function pointerSteps(path: string, refuse: Refuse): PathStep[] {
  if (/~(?![01])/.test(path)) throw refuse('in a JSON pointer "~" must be written as "~0" and "/" in a key as "~1"');
  const tokens = path.slice(1).split('/');
  return tokens.map((token) => {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (key === '-') return { key, index: 'last' };
    return /^(0|[1-9]\d*)$/.test(key) ? { key, index: Number(key) } : { key };
  });
}

function dottedSteps(path: string, refuse: Refuse): PathStep[] {
  const steps: PathStep[] = [];
  let raw = '';
  let key = '';
  const endStep = () => {
    if (raw === '') throw refuse('a step between dots is empty; write "\\." for a dot inside a key');
    steps.push(dottedStep(raw, key));
    raw = '';
    key = '';
  };
  for (let offset = 0; offset < path.length; offset++) {
    const character = path.charAt(offset);
    if (character === '.') {
      endStep();
      continue;
    }
    if (QUERY_CHARACTERS.includes(character)) {
      throw refuse(
        `"${character}" makes it a query, which is not supported; write "\\${character}" to mean the character`,
      );
    }
    const isEscape = character === '\\';
    if (isEscape && ++offset === path.length) throw refuse('it ends with "\\", which must be followed by a character');
    raw += isEscape ? `\\${path.charAt(offset)}` : character;
    key += path.charAt(offset);
  }
  endStep();
  return steps;
}

/** `raw` still has its escapes: only what is written plainly has a special meaning. */
function dottedStep(raw: string, key: string): PathStep {
  if (raw.startsWith(':')) return { key: key.slice(1) };
  if (raw === '-1') return { key, index: 'last' };
  return /^\d+$/.test(raw) ? { key, index: Number(raw) } : { key };
}
