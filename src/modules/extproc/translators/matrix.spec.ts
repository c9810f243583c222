import { expect, it } from '@jest/globals';
import { SCHEMA_NAMES, type SchemaName } from '../../../shared/filter-config/filter-config.js';
import type { EndpointName } from '../endpoints/endpoint.js';
import { MATRIX } from './matrix.js';

const OPENAI: readonly SchemaName[] = ['OpenAI', 'AzureOpenAI'];
const CLAUDE: readonly SchemaName[] = ['AWSAnthropic', 'GCPAnthropic', 'Anthropic'];
const CLOUDS: readonly SchemaName[] = ['AWSBedrock', 'GCPVertexAI'];

/** Every row of the matrix, the unsupported pairs by their absence. @see spec translators.md section 1, G31 to G33 */
const ROWS: Readonly<Record<EndpointName, readonly SchemaName[]>> = {
  'chat-completions': [...OPENAI, ...CLAUDE, ...CLOUDS],
  completions: OPENAI,
  embeddings: [...OPENAI, ...CLOUDS, 'Cohere'],
  responses: [...OPENAI, ...CLAUDE, ...CLOUDS],
  'input-tokens': [...OPENAI, ...CLAUDE, ...CLOUDS],
  'images-generations': [...OPENAI, ...CLOUDS],
  'images-edits': OPENAI,
  'images-variations': OPENAI,
  speech: OPENAI,
  transcriptions: OPENAI,
  'audio-translations': OPENAI,
  moderations: ['OpenAI'],
  tokenize: ['OpenAI', 'AWSAnthropic', 'GCPAnthropic', ...CLOUDS],
  messages: [...OPENAI, ...CLAUDE, ...CLOUDS],
  'count-tokens': [...CLAUDE, ...CLOUDS],
  rerank: [...CLOUDS, 'Cohere'],
};

it.each(Object.entries(ROWS))('%s has a translator for %j, and for no other schema', (endpoint, schemas) => {
  const row = MATRIX[endpoint as EndpointName];
  for (const schema of SCHEMA_NAMES) expect([schema, schema in row]).toEqual([schema, schemas.includes(schema)]);
});
