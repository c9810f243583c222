import type { Endpoint } from './endpoint.js';
import { parseJsonRequest } from './json-request.js';

export const embeddings: Endpoint = {
  name: 'embeddings',
  vendor: 'openai',
  path: '/v1/embeddings',
  operation: 'embeddings',
  dialect: 'openai',
  // Embeddings have no stream; a stray `stream` member goes to the provider as it is.
  parse: (body, context) => parseJsonRequest('/v1/embeddings', body, context, 'no-stream'),
};
