import type { Endpoint } from './endpoint.js';
import { checkTemperature, parseMultipartRequest } from './multipart-request.js';

export const transcriptions: Endpoint = {
  name: 'transcriptions',
  vendor: 'openai',
  path: '/v1/audio/transcriptions',
  operation: 'transcription',
  dialect: 'openai',
  parse(body, context) {
    const rules = { required: ['model', 'file'], canStream: true };
    const parsed = parseMultipartRequest('/v1/audio/transcriptions', body, context, rules);
    checkTemperature('/v1/audio/transcriptions', parsed);
    return parsed;
  },
};
