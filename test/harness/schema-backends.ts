import { randomBytes } from 'node:crypto';
import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import type { BackendDocument } from './gateway-plan.js';
import type { GatewaySettings } from './gateway.js';
import { useWorld, type World } from './world.js';

/** A key of no account. */
const AWS_FILE = `[default]\naws_access_key_id = AKIA${'TEST'.repeat(4)}\naws_secret_access_key = PLANTED-${randomBytes(20).toString('hex')}\n`;
const aws = { auth: { aws: { credentialFileLiteral: AWS_FILE, region: 'us-east-1' } } };
const gcp = { auth: { gcp: { accessToken: 'PLANTED-gcp-token', region: 'europe-west4', projectName: 'proj' } } };

/** The backend of each schema, with the model that it is asked for. */
export const BACKENDS: Readonly<Record<SchemaName, BackendDocument>> = {
  OpenAI: { modelNameOverride: 'gpt-x', schema: { name: 'OpenAI' }, auth: { apiKey: { key: 'PLANTED-k' } } },
  AzureOpenAI: {
    modelNameOverride: 'deployment',
    schema: { name: 'AzureOpenAI', version: '2024-10-21' },
    auth: { azureAPIKey: { key: 'PLANTED-k' } },
  },
  AWSBedrock: { modelNameOverride: 'anthropic.claude-sonnet-4-5', schema: { name: 'AWSBedrock' }, ...aws },
  AWSAnthropic: { modelNameOverride: 'anthropic.claude-sonnet-4-5', schema: { name: 'AWSAnthropic' }, ...aws },
  GCPVertexAI: { modelNameOverride: 'gemini-2.5-pro', schema: { name: 'GCPVertexAI' }, ...gcp },
  GCPAnthropic: { modelNameOverride: 'claude-sonnet-4-5', schema: { name: 'GCPAnthropic' }, ...gcp },
  Anthropic: {
    modelNameOverride: 'claude-sonnet-4-5',
    schema: { name: 'Anthropic' },
    auth: { anthropicAPIKey: { key: 'PLANTED-k' } },
  },
  Cohere: {
    modelNameOverride: 'rerank-v3',
    schema: { name: 'Cohere', version: 'v2' },
    auth: { apiKey: { key: 'PLANTED-k' } },
  },
};

/**
 * One gateway whose models are named after the schemas; all backends are one test upstream.
 * @param more Other backends by the models that lead to them
 */
export const useBackendOfEachSchema = (
  more: Readonly<Record<string, BackendDocument>> = {},
  settings: GatewaySettings = {},
): World<'provider'> =>
  useWorld(
    ['provider'],
    ({ provider }) => ({
      routes: [
        {
          name: 'default/llm',
          rules: Object.entries({ ...BACKENDS, ...more }).map(([model, backend]) => ({
            model,
            backends: [{ name: `default/${model.toLowerCase()}`, upstream: provider, ...backend }],
          })),
        },
      ],
      costs: [
        { metadataKey: 'input', type: 'InputToken' },
        { metadataKey: 'cached', type: 'CachedInputToken' },
        { metadataKey: 'output', type: 'OutputToken' },
      ],
    }),
    settings,
  );
