import { azureSharedPath } from '../translators/parts/openai/azure-path.js';
import { prefixedPath } from '../translators/parts/openai/passthrough.js';
import type { PassedEndpoint } from './passed-endpoint.js';

/** @see https://platform.openai.com/docs/api-reference/batch */
export const batches: PassedEndpoint = {
  name: 'batches',
  vendor: 'openai',
  operation: 'batches',
  dialect: 'openai',
  isKeptByProvider: true,
  paths: [
    { path: '/v1/batches', methods: ['GET', 'POST'] },
    { path: '/v1/batches/{id}', methods: ['GET'] },
    { path: '/v1/batches/{id}/cancel', methods: ['POST'] },
  ],
  cells: {
    OpenAI: ({ schema, operation }) => ({ path: prefixedPath(schema.prefix, operation) }),
    AzureOpenAI: (call) => ({ path: azureSharedPath(call, call.operation) }),
  },
};
