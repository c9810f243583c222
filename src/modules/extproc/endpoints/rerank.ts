import type { Endpoint } from './endpoint.js';
import { parseJsonRequest } from './json-request.js';

export const rerank: Endpoint = {
  name: 'rerank',
  vendor: 'cohere',
  path: '/v2/rerank',
  operation: 'rerank',
  dialect: 'cohere',
  // Query and documents are the provider's to check (translators.md G43).
  parse: (body, context) => parseJsonRequest('/v2/rerank', body, context, 'no-stream'),
};
