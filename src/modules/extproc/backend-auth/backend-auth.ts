import type { HeaderSet } from '../header-set.js';
import type { HeaderLookup } from '../wire/header-fields.js';

/** What a credential may be taken from: one attempt at one backend. */
export interface AuthInput {
  /** The client's headers, by lower-case name. */
  readonly headers: HeaderLookup;
  /** Dynamic metadata of the request that Envoy forwarded; undefined when there is none (X15). */
  readonly metadata: (namespace: string, key: string) => unknown;
}

export type AuthOutcome =
  | { readonly kind: 'headers'; readonly sets: readonly HeaderSet[] }
  /** The client had to bring a credential and did not: 401. */
  | { readonly kind: 'missing-credential' };

/** How one backend authenticates requests. Stateless: one serves every request. */
export interface BackendAuth {
  /** Lower-case names of the headers that it sets. */
  readonly credentialHeaders: readonly string[];
  /** Lower-case names of the client's headers that it reads; no provider may see them. */
  readonly inputHeaders: readonly string[];
  apply(input: AuthInput): AuthOutcome;
}
