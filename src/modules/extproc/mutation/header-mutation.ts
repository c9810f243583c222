import type { HeaderMutationConfig } from '../../../shared/filter-config/filter-config.js';
import { headers } from '../../../shared/headers.js';
import type { HeaderSet } from '../header-set.js';

/** Header edits that a user configured for a backend, ready to be applied to each attempt. */
export interface HeaderMutationPlan {
  readonly sets: readonly HeaderSet[];
  /** To be sent only for headers that are present. */
  readonly removes: readonly string[];
  readonly setNames: ReadonlySet<string>;
  readonly removeNames: ReadonlySet<string>;
}

/**
 * Lower-cases names, drops protected and empty ones, keeps the last of several values for a name; of a name that is both
 * set and removed only the set is left. Reveals the values: the plan must not be logged.
 * @see spec extproc.md section 11.1
 */
export function compileHeaderMutation(config: HeaderMutationConfig): HeaderMutationPlan {
  const values = new Map<string, string>();
  for (const { name, value } of config.set ?? []) {
    if (isMutable(name)) values.set(name.toLowerCase(), value.reveal());
  }
  const removeNames = new Set<string>();
  for (const name of config.remove ?? []) {
    if (isMutable(name) && !values.has(name.toLowerCase())) removeNames.add(name.toLowerCase());
  }
  return {
    sets: Array.from(values, ([name, value]) => ({ name, value })),
    removes: [...removeNames],
    setNames: new Set(values.keys()),
    removeNames,
  };
}

function isMutable(name: string): boolean {
  return name !== '' && !isProtectedHeader(name);
}

/** Pseudo headers and the gateway's own: users cannot change them and retries do not restore them. Any case. */
export function isProtectedHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith(':') || lower.startsWith(headers.ownPrefix) || lower === headers.envoyOriginalPath;
}
