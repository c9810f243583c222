import type { Endpoint } from './endpoint.js';
import { isNullDocument, readString, scanObject } from '../codec/json-scan.js';
import { parseJsonRequest } from './json-request.js';

export const speech: Endpoint = {
  name: 'speech',
  vendor: 'openai',
  path: '/v1/audio/speech',
  operation: 'speech',
  dialect: 'openai',
  parse(body, context) {
    const parsed = parseJsonRequest('/v1/audio/speech', body, context, 'no-stream');
    return { ...parsed, isStreaming: asksForEvents(body) };
  },
};

/** Audio comes as bytes, unless it is asked for in events. `body` was scanned before. @see spec translators.md 2.1, "stream flag" */
function asksForEvents(body: Uint8Array): boolean {
  if (isNullDocument(body)) return false;
  const format = scanObject(body, ['stream_format']).get('stream_format')?.at(-1);
  return format !== undefined && readString(body, format) === 'sse';
}
