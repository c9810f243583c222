import type { TranslatorEnv } from '../../translator.js';
import type { ChatChoice, ChatResult } from './chat-result.js';
import { openAIUsage } from './openai-usage.js';

/** Prefix of ids that the gateway makes (translators.md G44). */
export const COMPLETION_ID_PREFIX = 'chatcmpl-';

/** A whole answer as `chat.completion`. @see spec translators.md section 3, "JSON output conventions" */
export function encodeCompletion(result: ChatResult, env: TranslatorEnv): Buffer {
  const { usage, serviceTier } = result;
  return Buffer.from(
    JSON.stringify({
      id: result.id || env.newId(COMPLETION_ID_PREFIX),
      object: 'chat.completion',
      created: result.created ?? env.nowSeconds(),
      model: result.model,
      ...(serviceTier === undefined ? {} : { service_tier: serviceTier }),
      choices: result.choices.map(choiceOf),
      ...(usage === undefined ? {} : { usage: openAIUsage(usage) }),
    }),
  );
}

const choiceOf = (choice: ChatChoice) => ({
  index: choice.index,
  message: messageOf(choice),
  ...(choice.logprobs === undefined ? {} : { logprobs: choice.logprobs }),
  finish_reason: choice.finishReason,
});

const messageOf = (choice: ChatChoice) => ({
  role: 'assistant',
  content: choice.content ?? null,
  ...(choice.refusal === undefined ? {} : { refusal: choice.refusal }),
  ...(choice.reasoning === undefined ? {} : { reasoning_content: choice.reasoning }),
  ...(choice.thinkingBlocks.length === 0 ? {} : { thinking_blocks: choice.thinkingBlocks }),
  ...(choice.toolCalls.length === 0 ? {} : { tool_calls: choice.toolCalls.map(toolCallOf) }),
  ...(choice.annotations === undefined ? {} : { annotations: choice.annotations }),
  ...(choice.images === undefined ? {} : { images: choice.images }),
  ...choice.extras,
});

const toolCallOf = (call: ChatChoice['toolCalls'][number]) => ({
  id: call.id,
  type: 'function',
  function: { name: call.name, arguments: call.arguments },
});
