import type { JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { TokenizeRequest } from '../tokenize/tokenize-request.js';
import { withLastCachePoints } from './cache-points.js';
import { chatTools } from './chat-tools.js';
import { chatConversation } from './chat-turns.js';
import { isBlank } from './converse.js';
import { refusal } from './media.js';
import { modelFamily, traitsIn } from './model-family.js';
import { takesSchema } from './structured-output.js';
import { calledNamesOf, planTools } from './tools.js';
import { joinTurns } from './turns.js';

/**
 * What is to be counted, as members of a Converse request.
 * @throws {UserFacingError} 422
 * @see spec translators.md section 13 and G39
 */
export function converseCount(request: TokenizeRequest, model: string, receipt: Receipt): JsonObject {
  for (const path of request.dropped) receipt.drop(path);
  if (request.kind === 'completion') {
    if (isBlank(request.prompt)) throw refusal('prompt', 'blank text', 'text to count');
    return { messages: [{ role: 'user', content: [{ text: request.prompt }] }] };
  }
  if (request.mediaResolution !== undefined) receipt.drop('media_resolution');
  const family = modelFamily(model);
  const { system, turns } = chatConversation(request.chat.messages, family, receipt);
  const { toolConfig } = planTools({
    tools: chatTools(request.chat.tools, receipt),
    choice: undefined,
    calledNames: calledNamesOf(turns),
    takesStrict: takesSchema(model, family, traitsIn(family, model)),
    receipt,
    formatName: '',
  });
  const messages = joinTurns(turns);
  if (messages.length + system.length === 0) throw refusal('messages', 'nothing said in them', 'text to count');
  const prompt = withLastCachePoints({ messages, system, toolConfig }, receipt);
  return {
    messages: prompt.messages,
    ...(prompt.system.length === 0 ? {} : { system: prompt.system }),
    ...(prompt.toolConfig === undefined ? {} : { toolConfig: prompt.toolConfig }),
  };
}
