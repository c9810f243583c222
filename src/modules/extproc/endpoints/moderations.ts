import type { Endpoint } from './endpoint.js';
import { parseJsonRequest } from './json-request.js';

export const moderations: Endpoint = {
  name: 'moderations',
  vendor: 'openai',
  path: '/v1/moderations',
  operation: 'moderation',
  dialect: 'openai',
  parse: (body, context) => parseJsonRequest('/v1/moderations', body, context, 'no-stream'),
};
