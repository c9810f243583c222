import {
  arrayOf,
  isJsonArray,
  isJsonObject,
  objectOf,
  parseJsonLeniently,
  stringOf,
  type JsonObject,
} from '../../../codec/json-value.js';
import { UpstreamAnswerError, type TranslatorEnv } from '../../translator.js';
import { isFailed } from './chat-error.js';
import { argumentsOf, contentText, thinkingOf, toStopReason, toToolInput, toUsage } from './from-chat.js';
import type { MessageResult, ResultBlock } from './message-result.js';

/**
 * A whole chat completion as a message: thinking, text, calls, in this order; of several choices the first one.
 * @param requestModel Shown when the provider names none
 * @throws {UpstreamAnswerError} @see spec translators.md 11.5
 */
export function fromChatCompletion(body: Uint8Array, requestModel: string, env: TranslatorEnv): MessageResult {
  const completion = parseJsonLeniently(body);
  if (!isJsonObject(completion) || !isJsonArray(completion['choices'])) {
    throw new UpstreamAnswerError('the answer of chat completions must be a JSON object with an array "choices"');
  }
  const choice = objectOf(completion['choices'][0]);
  if (isFailed(choice)) throw new UpstreamAnswerError('the provider ended its answer with an error');
  const message = objectOf(choice['message']);
  const refusal = stringOf(message['refusal']);
  const tools = arrayOf(message['tool_calls']).map((call) => toolBlock(objectOf(call), env));
  const usage = toUsage(completion['usage']);
  return {
    id: stringOf(completion['id']),
    model: stringOf(completion['model']) || requestModel,
    content: [...thinkingOf(message), ...textBlocks(contentText(message)), ...textBlocks(refusal), ...tools],
    stopReason: refusal ? 'refusal' : toStopReason(stringOf(choice['finish_reason']), tools.length > 0),
    ...(usage ? { usage } : {}),
  };
}

const textBlocks = (text: string | undefined): readonly ResultBlock[] => (text ? [{ type: 'text', text }] : []);

function toolBlock(call: JsonObject, env: TranslatorEnv): ResultBlock {
  const called = objectOf(call['function']);
  return {
    type: 'tool_use',
    // A client cannot answer a call without an id.
    id: stringOf(call['id']) || env.newId('toolu_'),
    name: stringOf(called['name']) ?? '',
    input: toToolInput(argumentsOf(called)),
  };
}
