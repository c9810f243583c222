import { UserFacingError } from '../../../shared/errors.js';
import type { AuthConfig } from '../../../shared/filter-config/filter-config.js';
import { credentialSource, type AuthScheme } from './auth-scheme.js';
import { awsScheme } from './aws-scheme.js';
import type { AuthOutcome, BackendAuth } from './backend-auth.js';
import type { CredentialSources } from './credential-sources.js';
import { gcpScheme } from './gcp-scheme.js';
import { ANTHROPIC_API_KEY, AZURE_API_KEY, BEARER, headerScheme } from './header-scheme.js';

const MISSING: AuthOutcome = { kind: 'missing-credential' };

/**
 * Makes the authentication of a backend ready for requests. Of several kinds the first of aws, apiKey, azureAPIKey, azure,
 * gcp, anthropicAPIKey counts (extproc.md section 18). Credentials that have to be fetched are fetched by `sources`, with
 * the first request that needs one.
 *
 * @throws UserFacingError when the configuration can never authenticate a request, e.g. for an empty key
 */
export function compileBackendAuth(config: AuthConfig, sources: CredentialSources): BackendAuth {
  const scheme = selectScheme(config, sources);
  const { credentialHeaders } = scheme;
  const override = config.credentialOverride;
  if (!override) return { credentialHeaders, inputHeaders: [], apply: scheme.configured() };
  const source = credentialSource(override);
  if (source.headerName === undefined && source.metadata === undefined) {
    throw new UserFacingError(
      'auth.credentialOverride names no source; expected headerName, or dynamicMetadataNamespace with dynamicMetadataKey',
    );
  }
  const ownInputs = source.headerName === undefined ? [] : scheme.inputHeaders(source.headerName);
  const inputHeaders = new Set([
    ...ownInputs,
    ...(override.inputHeadersToRemove ?? []).map((name) => name.toLowerCase()),
  ]);
  const brought = scheme.brought(source);
  const otherwise = override.fallbackToConfigured ? scheme.configured() : () => MISSING;
  return {
    credentialHeaders,
    inputHeaders: [...inputHeaders],
    apply: (input) => brought(input) ?? otherwise(input),
  };
}

function selectScheme(config: AuthConfig, sources: CredentialSources): AuthScheme {
  const { aws, apiKey, azureAPIKey, azure, gcp, anthropicAPIKey } = config;
  if (aws) return awsScheme(aws, sources);
  if (apiKey) return headerScheme(BEARER, 'auth.apiKey.key', apiKey.key);
  if (azureAPIKey) return headerScheme(AZURE_API_KEY, 'auth.azureAPIKey.key', azureAPIKey.key);
  if (azure) return headerScheme(BEARER, 'auth.azure.accessToken', azure.accessToken);
  if (gcp) return gcpScheme(gcp, sources);
  if (anthropicAPIKey) return headerScheme(ANTHROPIC_API_KEY, 'auth.anthropicAPIKey.key', anthropicAPIKey.key);
  throw new UserFacingError(
    'auth names no kind of credential; expected one of apiKey, azureAPIKey, anthropicAPIKey, azure, aws, gcp',
  );
}
