import { readBoolean, scanObject } from '../codec/json-scan.js';
import { MalformedRequestError } from '../request-error.js';
import type { Endpoint } from './endpoint.js';
import { parseJsonRequest } from './json-request.js';

/** The shape of vLLM: a chat with `messages`, else a completion with `prompt`. @see spec translators.md 2.1 and section 13 */
export const tokenize: Endpoint = {
  name: 'tokenize',
  vendor: 'openai',
  path: '/tokenize',
  operation: 'tokenize',
  dialect: 'openai',
  parse(body, context) {
    const parsed = parseJsonRequest('/tokenize', body, context, 'no-stream');
    if (parsed.model === '') {
      throw new MalformedRequestError('malformed request: "model" of /tokenize must name a model, found nothing');
    }
    checkVariant(body);
    return parsed;
  },
};

/** A key counts as present whatever its value, null too. */
function checkVariant(body: Uint8Array): void {
  const members = scanObject(body, ['prompt', 'messages', 'continue_final_message', 'add_generation_prompt']);
  if (!members.has('messages')) return;
  if (members.has('prompt')) {
    throw new MalformedRequestError('malformed request: "prompt" and "messages" of /tokenize exclude each other');
  }
  const flag = (name: string): boolean | undefined => {
    const range = members.get(name)?.at(-1);
    return range && readBoolean(body, range);
  };
  if (flag('continue_final_message') === true && flag('add_generation_prompt') !== false) {
    throw new MalformedRequestError(
      'malformed request: "continue_final_message" of /tokenize needs "add_generation_prompt" to be false, its default is true',
    );
  }
}
