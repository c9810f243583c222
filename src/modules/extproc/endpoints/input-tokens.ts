import type { Endpoint } from './endpoint.js';
import { parseJsonRequest } from './json-request.js';

export const inputTokens: Endpoint = {
  name: 'input-tokens',
  vendor: 'openai',
  path: '/v1/responses/input_tokens',
  operation: 'responses_input_tokens',
  dialect: 'openai',
  // Takes the body of a Responses request, but never streams.
  parse: (body, context) => parseJsonRequest('/v1/responses/input_tokens', body, context, 'no-stream'),
};
