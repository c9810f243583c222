import type { Endpoint } from './endpoint.js';
import { parseJsonRequest } from './json-request.js';

export const responses: Endpoint = {
  name: 'responses',
  vendor: 'openai',
  path: '/v1/responses',
  operation: 'responses',
  dialect: 'openai',
  // The last event of a stream tells the usage: nothing has to be asked for. Items and tools are the provider's to check
  // (translators.md G43).
  parse: (body, context) => parseJsonRequest('/v1/responses', body, context, 'always'),
};
