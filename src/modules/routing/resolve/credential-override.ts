import type { BackendSecurityPolicy, CredentialType } from '../../../shared/api/ai-gateway.js';
import type { CredentialOverrideConfig } from '../../../shared/filter-config/filter-config.js';

/** Header (a prefix for AWS) and metadata key that a caller's own credential comes in. @see spec api.md section 5.2 */
const SOURCES: Record<CredentialType, { readonly header: string; readonly metadataKey: string }> = {
  APIKey: { header: 'x-aigw-api-key', metadataKey: 'x-aigw-api-key' },
  AnthropicAPIKey: { header: 'x-aigw-anthropic-api-key', metadataKey: 'x-aigw-anthropic-api-key' },
  AzureAPIKey: { header: 'x-aigw-azure-api-key', metadataKey: 'x-aigw-azure-api-key' },
  AzureCredentials: { header: 'x-aigw-azure-access-token', metadataKey: 'x-aigw-azure-access-token' },
  GCPCredentials: { header: 'x-aigw-gcp-access-token', metadataKey: 'x-aigw-gcp-access-token' },
  AWSCredentials: { header: 'x-aigw-aws-', metadataKey: 'x-aigw-aws-credentials' },
};

const AWS_HEADER_SUFFIXES = ['access-key-id', 'secret-access-key', 'session-token'];

/** The override of a policy with its defaults filled in; undefined when it has none. */
export function credentialOverride(
  spec: NonNullable<BackendSecurityPolicy['spec']>,
): CredentialOverrideConfig | undefined {
  const { fromRequestHeaders, fromDynamicMetadata } = spec.credentialOverride ?? {};
  const source = SOURCES[spec.type];
  if (fromDynamicMetadata) {
    return {
      dynamicMetadataNamespace: fromDynamicMetadata.namespace,
      dynamicMetadataKey: fromDynamicMetadata.key || source.metadataKey,
      fallbackToConfigured: fromDynamicMetadata.fallbackToConfigured ?? true,
    };
  }
  if (!fromRequestHeaders) return undefined;
  const headerName = (fromRequestHeaders.header || source.header).toLowerCase();
  return {
    headerName,
    fallbackToConfigured: fromRequestHeaders.fallbackToConfigured ?? true,
    inputHeadersToRemove:
      spec.type === 'AWSCredentials' ? AWS_HEADER_SUFFIXES.map((suffix) => headerName + suffix) : [headerName],
  };
}
