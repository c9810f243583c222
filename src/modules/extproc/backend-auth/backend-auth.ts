import type { HeaderSet } from '../header-set.js';
import type { HeaderLookup } from '../wire/header-fields.js';

/** What a credential may be taken from and made for: one attempt at one backend. */
export interface AuthInput {
  /**
   * Headers by lower-case name as this attempt sees them: the client's, `:method`, the `:path` that the translator gave, and
   * `x-ai-eg-upstream-host` of the chosen endpoint.
   */
  readonly headers: HeaderLookup;
  /** Dynamic metadata of the request that Envoy forwarded; undefined when there is none (X15). */
  readonly metadata: (namespace: string, key: string) => unknown;
  /**
   * The bytes that go upstream: the replaced body, else the client's own (X14); undefined when they pass unseen. Asked only by
   * kinds that sign them.
   */
  body(): Uint8Array | undefined;
}

export type AuthOutcome =
  /** To be set last, over everything else; `:path` may be among them. */
  | { readonly kind: 'headers'; readonly sets: readonly HeaderSet[] }
  /** The client had to bring a credential and did not: 401. */
  | { readonly kind: 'missing-credential' }
  /** The client brought a part of a credential only, which never falls back to the configured one. */
  | { readonly kind: 'incomplete-credential'; readonly message: string }
  /** The gateway's own credential cannot be had at the moment: the message says from where and what to do. */
  | { readonly kind: 'unavailable'; readonly message: string };

/** How one backend authenticates requests. One serves every request; none of them leaves a trace in it. */
export interface BackendAuth {
  /** Lower-case names of the headers that it always sets. */
  readonly credentialHeaders: readonly string[];
  /** Lower-case names of the client's headers that it reads; no provider may see them. */
  readonly inputHeaders: readonly string[];
  /** Waits only when the credential has to be fetched first, and at most 8 s. No message of an outcome holds a secret. */
  apply(input: AuthInput): AuthOutcome | Promise<AuthOutcome>;
}
