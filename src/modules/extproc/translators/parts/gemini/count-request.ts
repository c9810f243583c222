import { UserFacingError } from '../../../../../shared/errors.js';
import type { Receipt } from '../../receipt.js';
import type { TokenizeRequest } from '../tokenize/tokenize-request.js';
import { textPart } from './content.js';
import { toConversation } from './messages.js';
import type { GeminiModel } from './model.js';
import { SchemaWriter } from './schema.js';
import { toTools } from './tools.js';
import type { GeminiRequest } from './wire.js';

/** What `/tokenize` counts, as a `countTokens` body. @throws {UserFacingError} 422, also for nothing to count @see spec translators.md section 13 */
export function toCountRequest(request: TokenizeRequest, model: GeminiModel, receipt: Receipt): GeminiRequest {
  for (const path of request.dropped) receipt.drop(path);
  const body = request.kind === 'chat' ? ofChat(request, model, receipt) : ofPrompt(request.prompt);
  if (body.contents || body.systemInstruction) return body;
  throw new UserFacingError(
    'there is nothing to count for this backend: "messages" or "prompt" must hold content that is not blank',
  );
}

function ofChat(
  { chat, mediaResolution }: Extract<TokenizeRequest, { kind: 'chat' }>,
  model: GeminiModel,
  receipt: Receipt,
): GeminiRequest {
  const tools = toTools({ tools: chat.tools }, new SchemaWriter(model), receipt);
  return {
    ...toConversation(chat.messages, model, receipt),
    ...(tools === undefined ? {} : { tools }),
    ...(mediaResolution === undefined ? {} : { generationConfig: { mediaResolution } }),
  };
}

function ofPrompt(prompt: string): GeminiRequest {
  const part = textPart(prompt);
  return part === undefined ? {} : { contents: [{ role: 'user', parts: [part] }] };
}
