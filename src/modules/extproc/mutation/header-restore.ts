import type { HeaderSet } from '../header-set.js';
import { type HeaderMutationPlan, isProtectedHeader } from './header-mutation.js';

/** What the gateway itself did to the headers in all attempts before this one. Names lower case. */
export interface PreviousEdits {
  readonly setNames: ReadonlySet<string>;
  readonly removedNames: ReadonlySet<string>;
}

/** Names lower case. */
export interface RestoreInput {
  /** The client's headers, as the router stream saw them. */
  readonly original: ReadonlyMap<string, string>;
  /** The headers this attempt started with: Envoy keeps what earlier attempts did. */
  readonly current: ReadonlyMap<string, string>;
  readonly previous: PreviousEdits;
  /** The user's edits for the backend of this attempt. */
  readonly plan: Pick<HeaderMutationPlan, 'setNames' | 'removeNames'>;
  /** What this attempt's translator and auth set, and what they keep from the provider (credentials of other kinds). */
  readonly attemptNames: ReadonlySet<string>;
}

export interface HeaderRestore {
  readonly sets: HeaderSet[];
  readonly removes: string[];
}

/** Belongs to the body of an attempt, and Envoy ignores a set of it beside a replaced body (spec extproc.md 4.1). */
const CONTENT_LENGTH = 'content-length';

/**
 * Undoes on a retry exactly what our earlier attempts did. Headers that other filters added in between stay
 * (traceparent, the endpoint picker's choice), and nothing restored overrides what this attempt sets.
 * @see spec extproc.md section 8, section 11.1 and X25
 */
export function restoreHeaders(input: RestoreInput): HeaderRestore {
  const { original, current, previous } = input;
  const sets: HeaderSet[] = [];
  const removes: string[] = [];
  for (const name of previous.setNames) {
    if (!isRestorable(name, input)) continue;
    const value = original.get(name);
    if (value === undefined) {
      if (current.has(name)) removes.push(name);
    } else if (current.get(name) !== value) sets.push({ name, value });
  }
  for (const name of previous.removedNames) {
    if (previous.setNames.has(name) || current.has(name) || !isRestorable(name, input)) continue;
    const value = original.get(name);
    if (value !== undefined) sets.push({ name, value });
  }
  return { sets, removes };
}

function isRestorable(name: string, { plan, attemptNames }: RestoreInput): boolean {
  if (name === CONTENT_LENGTH || isProtectedHeader(name)) return false;
  return !plan.setNames.has(name) && !plan.removeNames.has(name) && !attemptNames.has(name);
}
