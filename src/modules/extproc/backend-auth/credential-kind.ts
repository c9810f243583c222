import { encodeHeaderValueOption } from '../wire/header-value-option.js';
import type { AuthOutcome } from './backend-auth.js';

/** How a credential that is one text is shown to a provider. @see spec extproc.md section 18 */
export interface CredentialKind {
  readonly headerName: string;
  readonly valuePrefix: string;
}

export const BEARER: CredentialKind = { headerName: 'authorization', valuePrefix: 'Bearer ' };
export const AZURE_API_KEY: CredentialKind = { headerName: 'api-key', valuePrefix: '' };
export const ANTHROPIC_API_KEY: CredentialKind = { headerName: 'x-api-key', valuePrefix: '' };

/** Outcome for a credential that is known when the configuration is loaded; shared by all requests (X56). */
export function fixedOutcome(kind: CredentialKind, credential: string): AuthOutcome {
  const { headerName: name, valuePrefix } = kind;
  const value = valuePrefix + credential;
  return { kind: 'headers', sets: [{ name, value, encoded: encodeHeaderValueOption(name, value) }] };
}

export function requestOutcome(kind: CredentialKind, credential: string): AuthOutcome {
  return { kind: 'headers', sets: [{ name: kind.headerName, value: kind.valuePrefix + credential }] };
}

/** The credential without surrounding white space; undefined when nothing is left or it cannot be a header value (RFC 9110, 5.5). */
export function usableCredential(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const trimmed = value.trim();
  return trimmed !== '' && !CONTROL_CHARACTER.test(trimmed) ? trimmed : undefined;
}

const CONTROL_CHARACTER = /(?!\t)\p{Cc}/u;
