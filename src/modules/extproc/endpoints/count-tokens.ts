import { UserFacingError } from '../../../shared/errors.js';
import type { Endpoint } from './endpoint.js';
import { parseJsonRequest } from './json-request.js';

export const countTokens: Endpoint = {
  name: 'count-tokens',
  vendor: 'anthropic',
  path: '/v1/messages/count_tokens',
  operation: 'count_tokens',
  dialect: 'anthropic',
  // Takes the body of a Messages request, but never streams.
  parse(body, context) {
    const parsed = parseJsonRequest('/v1/messages/count_tokens', body, context, 'no-stream');
    if (parsed.model === '') throw new UserFacingError('invalid request body: model field is required');
    return parsed;
  },
};
