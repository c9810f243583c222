import type { HeaderMutationConfig } from '../../../shared/filter-config/filter-config.js';
import { UserFacingError } from '../../../shared/errors.js';
import { headers } from '../../../shared/headers.js';
import type { HeaderSet } from '../header-set.js';
import { encodeHeaderValueOption } from '../wire/header-value-option.js';

/** @see RFC 9110, section 5.6.2 */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Tab is allowed (RFC 9110, section 5.5); what UTF-8 writes with bytes from 0x80 on is too. */
const VALUE_CONTROL = /(?![\t\u0080-\u009f])\p{Cc}/u;
const QUOTED_CHARS_MAX = 64;

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
 * set and removed only the set is left. Reveals the values: the plan must not be logged. Sets are encoded here (X56).
 *
 * @throws UserFacingError when a name is no RFC 9110 token, or a value has control characters other than tab: Envoy would
 * fail each request instead (X30). Names entry and header, never the value.
 * @see spec extproc.md section 11.1
 */
export function compileHeaderMutation(config: HeaderMutationConfig): HeaderMutationPlan {
  const values = new Map<string, string>();
  for (const [i, { name, value }] of (config.set ?? []).entries()) {
    if (!isMutable(name)) continue;
    const entry = `httpHeaderMutation.set[${i}]`;
    requireToken(name, `${entry}.name`);
    requireSendable(value.reveal(), `${entry}.value`, name);
    values.set(name.toLowerCase(), value.reveal());
  }
  const removeNames = new Set<string>();
  for (const [i, name] of (config.remove ?? []).entries()) {
    if (!isMutable(name)) continue;
    requireToken(name, `httpHeaderMutation.remove[${i}]`);
    if (!values.has(name.toLowerCase())) removeNames.add(name.toLowerCase());
  }
  return {
    sets: Array.from(values, ([name, value]) => ({ name, value, encoded: encodeHeaderValueOption(name, value) })),
    removes: [...removeNames],
    setNames: new Set(values.keys()),
    removeNames,
  };
}

function requireToken(name: string, place: string): void {
  if (TOKEN.test(name)) return;
  throw new UserFacingError(
    `${place} ${JSON.stringify(name.slice(0, QUOTED_CHARS_MAX))} is not a header name; expected letters, digits and !#$%&'*+-.^_\`|~ only`,
  );
}

function requireSendable(value: string, place: string, name: string): void {
  if (!VALUE_CONTROL.test(value)) return;
  throw new UserFacingError(
    `${place} of header ${JSON.stringify(name.slice(0, QUOTED_CHARS_MAX))} has a control character, such as a line break; remove it`,
  );
}

function isMutable(name: string): boolean {
  return name !== '' && !isProtectedHeader(name);
}

/** Pseudo headers and the gateway's own: users cannot change them and retries do not restore them. Any case. */
export function isProtectedHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith(':') || lower.startsWith(headers.ownPrefix) || lower === headers.envoyOriginalPath;
}
