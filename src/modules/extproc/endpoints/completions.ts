import type { Endpoint } from './endpoint.js';
import { parseJsonRequest } from './json-request.js';

export const completions: Endpoint = {
  name: 'completions',
  vendor: 'openai',
  path: '/v1/completions',
  operation: 'completion',
  dialect: 'openai',
  // The reference forces usage for chat only, so streamed completions escape its cost limits (translators.md G25).
  parse: (body, context) => parseJsonRequest('/v1/completions', body, context, 'when-asked'),
};
