import type { Endpoint } from './endpoint.js';
import { isMultipart } from '../codec/media-type.js';
import { parseJsonRequest } from './json-request.js';
import { parseMultipartRequest } from './multipart-request.js';

export const imagesEdits: Endpoint = {
  name: 'images-edits',
  vendor: 'openai',
  path: '/v1/images/edits',
  operation: 'image_edit',
  dialect: 'openai',
  // A form with the images, or JSON that tells where they are.
  parse: (body, context) =>
    isMultipart(context.contentType)
      ? parseMultipartRequest('/v1/images/edits', body, context, { required: [], canStream: true })
      : parseJsonRequest('/v1/images/edits', body, context, 'always'),
};
