import type { CredentialOverrideConfig } from '../../../shared/filter-config/filter-config.js';
import type { AuthInput, AuthOutcome, BackendAuth } from './backend-auth.js';

/** One kind of credential with its configured values. @see spec extproc.md section 18 */
export interface AuthScheme {
  /** Lower-case names of the headers that every outcome sets. */
  readonly credentialHeaders: readonly string[];
  /**
   * Makes the configured credential ready.
   * @throws UserFacingError when it can never authenticate a request
   */
  configured(): BackendAuth['apply'];
  /** Reads what a request brings along; the reader gives undefined when it brings nothing. @see spec extproc.md 18.2 */
  brought(source: CredentialSource): (input: AuthInput) => AuthOutcome | undefined;
  /** Lower-case names of the client's headers that `brought` reads when it is given that header name. */
  inputHeaders(headerName: string): readonly string[];
}

/** Where a request brings its credential. */
export interface CredentialSource {
  /** Lower case; a prefix for AWS. */
  readonly headerName: string | undefined;
  readonly metadata: { readonly namespace: string; readonly key: string } | undefined;
}

export function credentialSource(override: CredentialOverrideConfig): CredentialSource {
  const { headerName, dynamicMetadataNamespace: namespace, dynamicMetadataKey: key } = override;
  return {
    headerName: headerName?.toLowerCase(),
    metadata: namespace === undefined || key === undefined ? undefined : { namespace, key },
  };
}
