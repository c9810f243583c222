import { azureSharedPath } from '../translators/parts/openai/azure-path.js';
import { prefixedPath } from '../translators/parts/openai/passthrough.js';
import type { PassedEndpoint } from './passed-endpoint.js';

/** @see https://platform.openai.com/docs/api-reference/files */
export const files: PassedEndpoint = {
  name: 'files',
  vendor: 'openai',
  operation: 'files',
  dialect: 'openai',
  isKeptByProvider: true,
  paths: [
    { path: '/v1/files', methods: ['GET', 'POST'] },
    { path: '/v1/files/{id}', methods: ['GET', 'DELETE'] },
    { path: '/v1/files/{id}/content', methods: ['GET'] },
  ],
  cells: {
    OpenAI: ({ schema, operation }) => ({ path: prefixedPath(schema.prefix, operation) }),
    AzureOpenAI: (call) => ({ path: azureSharedPath(call, call.operation) }),
  },
};
