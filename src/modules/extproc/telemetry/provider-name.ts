import type { SchemaName } from '../../../shared/filter-config/filter-config.js';

const PROVIDER_NAMES: Readonly<Record<SchemaName, string>> = {
  OpenAI: 'openai',
  AzureOpenAI: 'azure.openai',
  AWSBedrock: 'aws.bedrock',
  AWSAnthropic: 'aws.anthropic',
  GCPVertexAI: 'gcp.vertex_ai',
  GCPAnthropic: 'gcp.anthropic',
  Anthropic: 'anthropic',
  Cohere: 'cohere',
};

/**
 * `gen_ai.provider.name`: by the schema of the chosen backend, of an unknown schema the full name of the backend.
 * @see spec observability.md section 3.4
 */
export const providerName = (schema: string, backendName: string): string =>
  Object.hasOwn(PROVIDER_NAMES, schema) ? PROVIDER_NAMES[schema as SchemaName] : backendName;
