import { UserFacingError } from '../../../shared/errors.js';
import type { AuthConfig, CredentialOverrideConfig } from '../../../shared/filter-config/filter-config.js';
import type { Redacted } from '../../../shared/secret.js';
import type { AuthInput, AuthOutcome, BackendAuth } from './backend-auth.js';
import {
  ANTHROPIC_API_KEY,
  AZURE_API_KEY,
  BEARER,
  fixedOutcome,
  requestOutcome,
  usableCredential,
  type CredentialKind,
} from './credential-kind.js';

const MISSING: AuthOutcome = { kind: 'missing-credential' };

/**
 * Makes the authentication of a backend ready for requests: static header sets are encoded here (X56).
 * Of several kinds the first of aws, apiKey, azureAPIKey, azure, gcp, anthropicAPIKey counts (extproc.md section 18).
 *
 * @throws UserFacingError when the configuration can never authenticate a request, e.g. for an empty key
 */
export function compileBackendAuth(config: AuthConfig): BackendAuth {
  const { kind, field, secret } = selectKind(config);
  const override = config.credentialOverride;
  const names = { credentialHeaders: [kind.headerName], inputHeaders: inputHeadersOf(override) };
  if (override && !override.fallbackToConfigured) {
    return { ...names, apply: overrideOf(override, kind, () => MISSING) };
  }
  const outcome = fixedOutcome(kind, staticCredential(secret, field));
  if (!override) return { ...names, apply: () => outcome };
  return { ...names, apply: overrideOf(override, kind, () => outcome) };
}

interface SelectedKind {
  readonly kind: CredentialKind;
  /** Where the credential stands in the configuration. */
  readonly field: string;
  readonly secret: Redacted<string>;
}

function selectKind(config: AuthConfig): SelectedKind {
  const { aws, apiKey, azureAPIKey, azure, gcp, anthropicAPIKey } = config;
  if (aws) {
    throw new UserFacingError(
      'AWS credentials are not supported by this build yet: auth.aws; use a backend with an API key, or a later build',
    );
  }
  if (apiKey) return { kind: BEARER, field: 'auth.apiKey.key', secret: apiKey.key };
  if (azureAPIKey) return { kind: AZURE_API_KEY, field: 'auth.azureAPIKey.key', secret: azureAPIKey.key };
  if (azure) return { kind: BEARER, field: 'auth.azure.accessToken', secret: azure.accessToken };
  if (gcp) {
    throw new UserFacingError(
      'GCP credentials are not supported by this build yet: auth.gcp; use a backend with an API key, or a later build',
    );
  }
  if (anthropicAPIKey) {
    return { kind: ANTHROPIC_API_KEY, field: 'auth.anthropicAPIKey.key', secret: anthropicAPIKey.key };
  }
  throw new UserFacingError(
    'auth names no kind of credential; expected one of apiKey, azureAPIKey, anthropicAPIKey, azure',
  );
}

function staticCredential(secret: Redacted<string>, field: string): string {
  const credential = usableCredential(secret.reveal());
  if (credential !== undefined) return credential;
  const found = secret.reveal().trim() === '' ? 'it is empty' : 'it holds a line break or another control character';
  throw new UserFacingError(`${field} cannot be used: ${found}; correct the Secret that it comes from`);
}

const inputHeadersOf = (override: CredentialOverrideConfig | undefined) =>
  [override?.headerName ?? [], override?.inputHeadersToRemove ?? []].flat().map((name) => name.toLowerCase());

/** Credential that each request brings along. @see spec extproc.md 18.2 */
function overrideOf(
  override: CredentialOverrideConfig,
  kind: CredentialKind,
  otherwise: () => AuthOutcome,
): BackendAuth['apply'] {
  const { dynamicMetadataNamespace: namespace, dynamicMetadataKey: key } = override;
  const headerName = override.headerName?.toLowerCase();
  if (headerName === undefined && (namespace === undefined || key === undefined)) {
    throw new UserFacingError(
      'auth.credentialOverride names no source; expected headerName, or dynamicMetadataNamespace with dynamicMetadataKey',
    );
  }
  const brought = (input: AuthInput): string | undefined => {
    const fromHeader = headerName === undefined ? undefined : usableCredential(input.headers.get(headerName));
    if (fromHeader !== undefined) return fromHeader;
    return namespace === undefined || key === undefined ? undefined : usableCredential(input.metadata(namespace, key));
  };
  return (input) => {
    const credential = brought(input);
    return credential === undefined ? otherwise() : requestOutcome(kind, credential);
  };
}
