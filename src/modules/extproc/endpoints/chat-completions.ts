import type { Endpoint } from './endpoint.js';
import { parseJsonRequest } from './json-request.js';

export const chatCompletions: Endpoint = {
  name: 'chat-completions',
  vendor: 'openai',
  path: '/v1/chat/completions',
  operation: 'chat',
  dialect: 'openai',
  parse: (body, context) => parseJsonRequest('/v1/chat/completions', body, context, 'when-asked'),
};
