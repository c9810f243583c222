import type { Redacted } from '../../../shared/secret.js';
import { encodeHeaderValueOption } from '../wire/header-value-option.js';
import type { AuthScheme } from './auth-scheme.js';
import type { AuthOutcome } from './backend-auth.js';
import { broughtCredential, configuredCredential } from './credential-text.js';

/** The header by which a credential of one text is shown to a provider. @see spec extproc.md section 18 */
export interface CredentialHeader {
  readonly name: string;
  readonly valuePrefix: string;
}

export const BEARER: CredentialHeader = { name: 'authorization', valuePrefix: 'Bearer ' };
export const AZURE_API_KEY: CredentialHeader = { name: 'api-key', valuePrefix: '' };
export const ANTHROPIC_API_KEY: CredentialHeader = { name: 'x-api-key', valuePrefix: '' };

/** A credential of one text that goes into one header. `field` says where it stands in the configuration. */
export function headerScheme(
  { name, valuePrefix }: CredentialHeader,
  field: string,
  key: Redacted<string>,
): AuthScheme {
  return {
    credentialHeaders: [name],
    configured: () => {
      const value = valuePrefix + configuredCredential(key, field);
      // Known when the configuration is loaded, so all requests share it (X56).
      const sets = [{ name, value, encoded: encodeHeaderValueOption(name, value) }];
      const outcome: AuthOutcome = { kind: 'headers', sets };
      return () => outcome;
    },
    brought: (source) => (input) => {
      const credential = broughtCredential(source, input);
      return credential === undefined
        ? undefined
        : { kind: 'headers', sets: [{ name, value: valuePrefix + credential }] };
    },
    inputHeaders: (headerName) => [headerName],
  };
}
