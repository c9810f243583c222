import { UserFacingError } from '../../shared/errors.js';
import type { EnvVar } from '../../shared/extproc-pod/inputs.js';

/**
 * Parses `NAME=value;NAME=value`: pairs and names are trimmed, values are kept as they are, empty pairs are skipped. A text
 * that begins with `[` is a JSON list of Kubernetes EnvVar objects instead, which may hold any character and `valueFrom`.
 * @throws UserFacingError that names the 1-based position of the first bad entry
 * @see spec controller.md section 2, ops.md D1 and I1 (row 11)
 */
export function parseExtraEnvVars(text: string): readonly EnvVar[] {
  if (text.trimStart().startsWith('[')) return parseList(text);
  return text.split(';').flatMap((pair, index) => {
    if (pair.trim() === '') return [];
    const equals = pair.indexOf('=');
    if (equals < 0) throw bad(index, 'it has no "="; expected NAME=value');
    const name = pair.slice(0, equals).trim();
    if (name === '') throw bad(index, 'it has no name; expected NAME=value');
    return [{ name, value: pair.slice(equals + 1).trimEnd() }];
  });
}

function parseList(text: string): readonly EnvVar[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw new UserFacingError('it begins with "[" and is no JSON; expected a list of {"name": …, "value": …}');
  }
  if (!Array.isArray(list)) throw new UserFacingError('expected a JSON list');
  return list.map((entry: unknown, index) => {
    if (!isEnvVar(entry)) throw bad(index, 'expected an object with a name, and value or valueFrom');
    return entry;
  });
}

function isEnvVar(entry: unknown): entry is EnvVar {
  if (typeof entry !== 'object' || entry === null) return false;
  const { name, value, valueFrom } = entry as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    name !== '' &&
    (value === undefined || typeof value === 'string') &&
    (valueFrom === undefined || (typeof valueFrom === 'object' && valueFrom !== null))
  );
}

/** Values may be secrets: only the position is told. */
const bad = (index: number, why: string) => new UserFacingError(`entry ${index + 1}: ${why}`);
