import type { JsonObject } from '../../../codec/json-value.js';
import { Receipt } from '../../receipt.js';
import type { ChatRequest } from '../chat/chat-request.js';
import { readChatRequest } from '../chat/read-chat-request.js';
import { optionalString } from '../request-fields.js';

/** What is to be counted. `dropped` has the members that only vLLM knows, ready for the receipt. */
export type TokenizeRequest =
  | {
      readonly kind: 'chat';
      readonly chat: ChatRequest;
      /** `media_resolution`; only Gemini knows it. */
      readonly mediaResolution?: string;
      readonly dropped: readonly string[];
    }
  /** `prompt` may be empty. */
  | { readonly kind: 'completion'; readonly prompt: string; readonly dropped: readonly string[] };

/**
 * The body of `/tokenize` for a provider that is not vLLM. With the key `messages`, even null, it is a chat; that `prompt` is
 * not there too was checked by the endpoint.
 * @throws {MalformedRequestError} 400 @throws {UserFacingError} 422
 * @see spec translators.md 2.1 and section 13
 */
export function readTokenizeRequest(document: JsonObject): TokenizeRequest {
  const kind = Object.hasOwn(document, 'messages') ? 'chat' : 'completion';
  const dropped = vllmOnly(document, kind);
  if (kind === 'completion') return { kind, prompt: optionalString(document, 'prompt', '') ?? '', dropped };
  const mediaResolution = optionalString(document, 'media_resolution', '');
  const messages = document['messages'] ?? [];
  const chat = readChatRequest({ ...document, messages }, false);
  return {
    kind,
    chat,
    ...(mediaResolution === undefined ? {} : { mediaResolution }),
    dropped: [...dropped, ...(chat.ignored ?? [])],
  };
}

const COUNTED: ReadonlySet<string> = new Set(['model', 'prompt', 'messages', 'tools', 'media_resolution']);

function vllmOnly(document: JsonObject, kind: TokenizeRequest['kind']): readonly string[] {
  const defaults: ReadonlyMap<string, boolean> = new Map([
    ['add_generation_prompt', true],
    ['add_special_tokens', kind === 'completion'],
    ['return_token_strs', false],
    ['continue_final_message', false],
  ]);
  const receipt = new Receipt();
  for (const [name, value] of Object.entries(document)) {
    if (COUNTED.has(name) || value === null || value === undefined || value === defaults.get(name)) continue;
    receipt.drop(name);
  }
  return receipt.dropped;
}
