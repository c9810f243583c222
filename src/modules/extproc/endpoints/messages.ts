import { UserFacingError } from '../../../shared/errors.js';
import type { Endpoint } from './endpoint.js';
import { parseJsonRequest } from './json-request.js';

export const messages: Endpoint = {
  name: 'messages',
  vendor: 'anthropic',
  path: '/v1/messages',
  operation: 'messages',
  dialect: 'anthropic',
  parse(body, context) {
    const parsed = parseJsonRequest('/v1/messages', body, context, 'always');
    if (parsed.model === '') throw new UserFacingError('invalid request body: model field is required');
    return parsed;
  },
};
