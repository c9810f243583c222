import type { Endpoint } from './endpoint.js';
import { checkTemperature, parseMultipartRequest } from './multipart-request.js';

export const audioTranslations: Endpoint = {
  name: 'audio-translations',
  vendor: 'openai',
  path: '/v1/audio/translations',
  operation: 'translation',
  dialect: 'openai',
  parse(body, context) {
    const rules = { required: ['model', 'file'], canStream: false };
    const parsed = parseMultipartRequest('/v1/audio/translations', body, context, rules);
    checkTemperature('/v1/audio/translations', parsed);
    return parsed;
  },
};
