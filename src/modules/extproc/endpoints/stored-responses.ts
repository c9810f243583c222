import { azureResponsesPath } from '../translators/parts/responses/azure-path.js';
import { prefixedPath } from '../translators/parts/openai/passthrough.js';
import type { PassedEndpoint } from './passed-endpoint.js';

/**
 * Responses that the provider stored. Their usage was charged when they were made, and is told again by each GET: it is not
 * read here. @see https://platform.openai.com/docs/api-reference/responses
 */
export const storedResponses: PassedEndpoint = {
  name: 'stored-responses',
  vendor: 'openai',
  operation: 'stored_responses',
  dialect: 'openai',
  isKeptByProvider: true,
  paths: [
    { path: '/v1/responses/{id}', methods: ['GET', 'DELETE'] },
    { path: '/v1/responses/{id}/cancel', methods: ['POST'] },
    { path: '/v1/responses/{id}/input_items', methods: ['GET'] },
  ],
  cells: {
    OpenAI: ({ schema, operation }) => ({ path: prefixedPath(schema.prefix, operation) }),
    AzureOpenAI: (call) => ({ path: azureResponsesPath(call, call.operation) }),
  },
};
