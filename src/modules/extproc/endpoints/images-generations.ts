import type { Endpoint } from './endpoint.js';
import { parseJsonRequest } from './json-request.js';

export const imagesGenerations: Endpoint = {
  name: 'images-generations',
  vendor: 'openai',
  path: '/v1/images/generations',
  operation: 'image_generation',
  dialect: 'openai',
  // The reference takes no stream here and answers one with 500 (translators.md G11).
  parse: (body, context) => parseJsonRequest('/v1/images/generations', body, context, 'always'),
};
