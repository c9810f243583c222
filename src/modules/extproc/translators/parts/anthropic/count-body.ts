import { numberOf, objectOf, parseJsonLeniently, type JsonObject } from '../../../codec/json-value.js';
import { counterOf } from '../../../codec/usage.js';
import type { Receipt } from '../../receipt.js';
import { UpstreamAnswerError } from '../../translator.js';
import type { TokenizeRequest } from '../tokenize/tokenize-request.js';
import { CacheMarkers, isBlank } from './block.js';
import { convertMessages } from './messages.js';
import { refusal } from './refusal.js';
import { toolOf, toolsOfHistory } from './tools.js';
import { calledTools, hasToolBlocks } from './turns.js';

/**
 * What is to be counted, as members of a request of Anthropic's API. Definitions of tools that are no functions are left out.
 * @throws {UserFacingError} 422
 * @see spec translators.md section 13 and G39
 */
export function countMembers(request: TokenizeRequest, receipt: Receipt): JsonObject {
  for (const path of request.dropped) receipt.drop(path);
  if (request.kind === 'completion') {
    if (isBlank(request.prompt)) throw refusal('prompt', 'blank text', 'text to count');
    return { messages: [{ role: 'user', content: [{ type: 'text', text: request.prompt }] }] };
  }
  if (request.mediaResolution !== undefined) receipt.drop('media_resolution');
  const markers = new CacheMarkers();
  const { system, turns } = convertMessages(request.chat.messages, { markers, receipt });
  const tools = request.chat.tools.flatMap((tool) => {
    if (tool.function !== undefined && tool.type === 'function') return [toolOf(tool, markers)];
    receipt.drop(tool.path);
    return [];
  });
  const allTools = tools.length === 0 && hasToolBlocks(turns) ? toolsOfHistory(calledTools(turns)) : tools;
  markers.write([...tools, ...system, ...turns.flatMap(({ content }) => content)], receipt);
  const [only, ...others] = system;
  const isPlain = others.length === 0 && only?.['cache_control'] === undefined;
  return {
    messages: turns.map(({ role, content }) => ({ role, content })),
    ...(only === undefined ? {} : { system: isPlain ? only['text']! : system }),
    ...(allTools.length === 0 ? {} : { tools: allTools }),
  };
}

/** @param member That holds the count @throws {UpstreamAnswerError} */
export function readCount(answer: Uint8Array, member: 'input_tokens' | 'inputTokens'): number {
  const count = counterOf(numberOf(objectOf(parseJsonLeniently(answer))[member]));
  if (count !== undefined) return count;
  throw new UpstreamAnswerError(`the count of tokens must be a JSON object with the number "${member}"`);
}
