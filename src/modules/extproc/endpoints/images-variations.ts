import type { Endpoint } from './endpoint.js';
import { parseMultipartRequest } from './multipart-request.js';

export const imagesVariations: Endpoint = {
  name: 'images-variations',
  vendor: 'openai',
  path: '/v1/images/variations',
  operation: 'image_variation',
  dialect: 'openai',
  parse: (body, context) =>
    parseMultipartRequest('/v1/images/variations', body, context, { required: [], canStream: false }),
};
