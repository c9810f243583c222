import type { Receipt } from '../../receipt.js';
import type { ChatRequest } from '../chat/chat-request.js';
import { dropUnhandledFields } from '../chat/handled-fields.js';
import { toGenerationConfig } from './generation-config.js';
import { toConversation } from './messages.js';
import type { GeminiModel } from './model.js';
import { toAnswerFormat } from './response-format.js';
import { SchemaWriter } from './schema.js';
import type { TextTrimming } from './text-trimmer.js';
import { toToolConfig, toTools } from './tools.js';
import type { GeminiRequest } from './wire.js';

const HANDLED: ReadonlySet<string> = new Set([
  'temperature',
  'top_p',
  'top_k',
  'seed',
  'logprobs',
  'top_logprobs',
  'n',
  'max_tokens',
  'max_completion_tokens',
  'presence_penalty',
  'frequency_penalty',
  'stop',
  'response_format',
  'guided_choice',
  'guided_regex',
  'guided_json',
  'reasoning_effort',
  'thinking',
  'generationConfig',
  'safetySettings',
  'tools',
  'tool_choice',
]);

export interface GeminiChat {
  readonly request: GeminiRequest;
  /** To be done to the text of the answer. */
  readonly trimming: TextTrimming;
}

/** A chat as a `generateContent` body; `generationConfig` is always there. @throws {UserFacingError} 422 @see spec translators.md 5.8 */
export function toGeminiChat(chat: ChatRequest, model: GeminiModel, receipt: Receipt): GeminiChat {
  const schemas = new SchemaWriter(model);
  const format = toAnswerFormat(chat, schemas, receipt);
  const tools = toTools(chat, schemas, receipt);
  const request: GeminiRequest = {
    ...toConversation(chat.messages, model, receipt),
    ...(tools === undefined ? {} : { tools }),
    ...(chat.toolChoice === undefined ? {} : { toolConfig: toToolConfig(chat.toolChoice) }),
    generationConfig: { ...toGenerationConfig(chat, model, receipt), ...format.config },
    ...(chat.safetySettings === undefined ? {} : { safetySettings: chat.safetySettings }),
  };
  dropUnhandledFields(chat.fields, HANDLED, receipt);
  return { request, trimming: format.trimming };
}
