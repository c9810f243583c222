import { SCHEMA_NAMES, type SchemaName } from './filter-config/filter-config.js';

/**
 * Which schemas of backends serve an endpoint of clients, as far as the control plane has to know it: it says so in statuses
 * and never loads the data plane. The data plane's own tables are the matrix of its translators and the cells of the endpoints
 * that it passes; a test beside the matrix compares them with this one. @see spec translators.md section 1, G10 and G33
 */
const SCHEMAS_BY_ENDPOINT = {
  'chat-completions': [
    'OpenAI',
    'AzureOpenAI',
    'AWSBedrock',
    'AWSAnthropic',
    'GCPVertexAI',
    'GCPAnthropic',
    'Anthropic',
  ],
  completions: ['OpenAI', 'AzureOpenAI'],
  embeddings: ['OpenAI', 'AzureOpenAI', 'AWSBedrock', 'GCPVertexAI', 'Cohere'],
  responses: ['OpenAI', 'AzureOpenAI', 'AWSBedrock', 'AWSAnthropic', 'GCPVertexAI', 'GCPAnthropic', 'Anthropic'],
  'input-tokens': ['OpenAI', 'AzureOpenAI', 'AWSBedrock', 'AWSAnthropic', 'GCPVertexAI', 'GCPAnthropic', 'Anthropic'],
  'images-generations': ['OpenAI', 'AzureOpenAI', 'AWSBedrock', 'GCPVertexAI'],
  'images-edits': ['OpenAI', 'AzureOpenAI'],
  'images-variations': ['OpenAI', 'AzureOpenAI'],
  speech: ['OpenAI', 'AzureOpenAI'],
  transcriptions: ['OpenAI', 'AzureOpenAI'],
  'audio-translations': ['OpenAI', 'AzureOpenAI'],
  moderations: ['OpenAI'],
  tokenize: ['OpenAI', 'AWSBedrock', 'AWSAnthropic', 'GCPVertexAI', 'GCPAnthropic'],
  messages: ['OpenAI', 'AzureOpenAI', 'AWSBedrock', 'AWSAnthropic', 'GCPVertexAI', 'GCPAnthropic', 'Anthropic'],
  'count-tokens': ['AWSBedrock', 'AWSAnthropic', 'GCPVertexAI', 'GCPAnthropic', 'Anthropic'],
  rerank: ['AWSBedrock', 'GCPVertexAI', 'Cohere'],
  realtime: ['OpenAI', 'AzureOpenAI'],
  'stored-responses': ['OpenAI', 'AzureOpenAI'],
  files: ['OpenAI', 'AzureOpenAI'],
  batches: ['OpenAI', 'AzureOpenAI'],
  'message-batches': ['Anthropic'],
  'managed-agents': ['Anthropic'],
} as const satisfies Record<string, readonly SchemaName[]>;

/** An endpoint as conditions and logs name it. */
export type ServedEndpoint = keyof typeof SCHEMAS_BY_ENDPOINT;

/** Those of what providers keep under the account of a backend: routes serve them only when they are told to (G33). */
export const KEPT_BY_PROVIDER: ReadonlySet<ServedEndpoint> = new Set([
  'stored-responses',
  'files',
  'batches',
  'message-batches',
  'managed-agents',
]);

const ENDPOINTS = Object.keys(SCHEMAS_BY_ENDPOINT) as readonly ServedEndpoint[];

const endpointsOf = (schema: SchemaName): readonly ServedEndpoint[] =>
  ENDPOINTS.filter((endpoint) => (SCHEMAS_BY_ENDPOINT[endpoint] as readonly SchemaName[]).includes(schema));

/** The endpoints that backends of each schema serve, in the order of the table; requests to any other are answered 400. */
export const SERVED_ENDPOINTS = Object.fromEntries(
  SCHEMA_NAMES.map((schema) => [schema, endpointsOf(schema)]),
) as Readonly<Record<SchemaName, readonly ServedEndpoint[]>>;

/** `embeddings, rerank`, or `every endpoint but count-tokens, rerank` where that is shorter. */
export function servedText(schema: SchemaName): string {
  const served = SERVED_ENDPOINTS[schema];
  const others = ENDPOINTS.filter((endpoint) => !served.includes(endpoint));
  if (others.length === 0) return 'every endpoint';
  return others.length < served.length ? `every endpoint but ${others.join(', ')}` : served.join(', ');
}
