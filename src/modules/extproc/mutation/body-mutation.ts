import { UserFacingError } from '../../../shared/errors.js';
import type { BodyMutationConfig } from '../../../shared/filter-config/filter-config.js';
import { JsonSyntaxError } from '../codec/json-scan.js';
import { type ByteEdit, splice } from '../codec/json-splice.js';
import { BodyPathError, editMembers, removePathEdits, setPathEdits } from './body-edit.js';
import { parseBodyPath, type PathStep } from './body-path.js';

/** Body edits that a user configured for a backend, in the order in which they are carried out. Immutable. */
export interface BodyMutationPlan {
  readonly passes: readonly EditPass[];
}

/** One walk over the body. */
interface EditPass {
  /** For errors: the place of the (first) edit in the configuration. */
  readonly field: string;
  readonly edits: (bytes: Uint8Array) => readonly ByteEdit[];
}

interface BodyEdit {
  readonly field: string;
  readonly steps: readonly [PathStep, ...PathStep[]];
  /** Absent: remove. */
  readonly jsonText?: string;
}

/**
 * Checks and prepares a configuration: all removes, then all sets, each in the given order; an empty path is skipped.
 * A value that looks like JSON must be JSON and is inserted as it is written; other text becomes a JSON string.
 * @throws {UserFacingError} naming the entry, on a path or value that cannot be used.
 * @see spec extproc.md section 11.2 and X26
 */
export function compileBodyMutation(config: BodyMutationConfig): BodyMutationPlan {
  const passes: EditPass[] = [];
  // Neighbouring edits of top-level members share a walk; a nested one has to see what those before it did.
  let topLevel: BodyEdit[] = [];
  for (const edit of parseEdits(config)) {
    if (edit.steps.length === 1) {
      topLevel.push(edit);
      continue;
    }
    passes.push(...topLevelPasses(topLevel), nestedPass(edit));
    topLevel = [];
  }
  return { passes: [...passes, ...topLevelPasses(topLevel)] };
}

function parseEdits(config: BodyMutationConfig): BodyEdit[] {
  const edits: BodyEdit[] = [];
  for (const [index, path] of (config.remove ?? []).entries()) {
    const field = `httpBodyMutation.remove[${index}]`;
    if (path !== '') edits.push({ field, steps: parseBodyPath(path, field) });
  }
  for (const [index, { path, value }] of (config.set ?? []).entries()) {
    const field = `httpBodyMutation.set[${index}]`;
    if (path === '') continue;
    edits.push({ field, steps: parseBodyPath(path, `${field}.path`), jsonText: toJsonText(value, `${field}.value`) });
  }
  return edits;
}

/** `edits` have one step each. One pass, or none without edits. */
function topLevelPasses(edits: readonly BodyEdit[]): EditPass[] {
  const [first] = edits;
  if (first === undefined) return [];
  const removes = new Set<string>();
  const sets = new Map<string, string>();
  for (const { steps, jsonText } of edits) {
    if (jsonText === undefined) removes.add(steps[0].key);
    else sets.set(steps[0].key, jsonText);
  }
  return [{ field: first.field, edits: (bytes) => editMembers(bytes, removes, sets) }];
}

function nestedPass({ field, steps, jsonText }: BodyEdit): EditPass {
  if (jsonText === undefined) return { field, edits: (bytes) => removePathEdits(bytes, steps) };
  return { field, edits: (bytes) => setPathEdits(bytes, steps, jsonText) };
}

/** What begins and ends like a string, object or array, is a literal, or has only characters of numbers. */
const LOOKS_LIKE_JSON = /^(?:".*"|\{.*\}|\[.*\]|true|false|null|[-+\d][-+.\deE]*)$/s;

/** The text is not shown in the error: it may be a secret. */
function toJsonText(value: string, field: string): string {
  const trimmed = value.trim();
  if (!LOOKS_LIKE_JSON.test(trimmed)) return JSON.stringify(value);
  try {
    JSON.parse(trimmed);
  } catch {
    throw new UserFacingError(
      `cannot use ${field}: it looks like JSON but is not; correct it, or put it in double quotes to set it as text`,
    );
  }
  return trimmed;
}

/**
 * Carries out a plan on a body; bytes that no edit touches stay as they are. When the body is not one JSON object or an
 * edit does not fit it, all edits are dropped: the same bytes come back and `onFailure` gets a text for the log, which
 * holds names of the configuration but nothing of the body beyond one character. Not for multipart bodies.
 */
export function applyBodyMutation(
  plan: BodyMutationPlan,
  bytes: Uint8Array,
  onFailure?: (why: string) => void,
): Uint8Array {
  let body = bytes;
  for (const { field, edits } of plan.passes) {
    try {
      body = splice(body, edits(body));
    } catch (error) {
      if (!(error instanceof JsonSyntaxError || error instanceof BodyPathError)) throw error;
      onFailure?.(`cannot apply ${field}: ${error.message}`);
      return bytes;
    }
  }
  return body;
}
