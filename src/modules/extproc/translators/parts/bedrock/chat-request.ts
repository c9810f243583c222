import { knownAs, type TranslationOptions } from '../../../../../shared/translation-options.js';
import type { JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import { allowedTools } from '../chat/allowed-tools.js';
import type { ChatRequest } from '../chat/chat-request.js';
import { dropUnhandledFields } from '../chat/handled-fields.js';
import { withLastCachePoints } from './cache-points.js';
import { chatChoice, chatTools } from './chat-tools.js';
import { chatConversation } from './chat-turns.js';
import { planInference } from './inference.js';
import type { InferenceNames } from './inference-wish.js';
import { refusal } from './media.js';
import { modelFamily, traitsIn } from './model-family.js';
import { takesSchema, planSchema, type SchemaContext } from './structured-output.js';
import { calledNamesOf, planTools } from './tools.js';
import { canThinkAfter, joinTurns } from './turns.js';
import { vendorFields, VENDOR_FIELDS } from './vendor-fields.js';

/** Members that are read here, or that the receipt tells of in detail. */
const HANDLED: ReadonlySet<string> = new Set([
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'service_tier',
  'tools',
  'tool_choice',
  'response_format',
  'thinking',
  'reasoning_effort',
  ...VENDOR_FIELDS,
]);

const NAMES: Omit<InferenceNames, 'maxTokens'> = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  stop: 'stop',
  thinking: 'thinking',
  effort: 'reasoning_effort',
};

export interface ConverseRequest {
  readonly body: JsonObject;
  /** Name of the tool whose input is the answer. */
  readonly answerTool: string | undefined;
}

/**
 * A chat as a request of Converse.
 * @throws {UserFacingError} 422 @throws {MalformedRequestError} 400
 * @see spec translators.md 5.3, 18.4.4
 */
export function converseRequest(
  chat: ChatRequest,
  requestModel: string,
  options: TranslationOptions,
  receipt: Receipt,
): ConverseRequest {
  const model = knownAs(requestModel, options);
  const family = modelFamily(model);
  const traits = traitsIn(family, model);
  const context = { model, family, traits, receipt, defaultMaxTokens: options.defaultMaxTokens };
  const { system, turns } = chatConversation(chat.messages, family, receipt);
  const messages = joinTurns(turns);
  if (messages.length === 0) throw refusal('messages', 'nothing said in them', 'text of the user');
  const answer = formatPlan(chat, context);
  const tools = planTools({
    tools: chatTools(allowedTools(chat), receipt),
    choice: chatChoice(chat.toolChoice, family, receipt),
    calledNames: calledNamesOf(turns),
    takesStrict: takesSchema(model, family, traits),
    ...(answer && 'answer' in answer ? { answer: answer.answer } : {}),
    receipt,
    formatName: 'response_format',
  });
  const { inferenceConfig, additionalFields } = planInference(
    { ...inferenceOf(chat), canThink: !tools.isForced && canThinkAfter(messages) },
    context,
  );
  dropUnhandledFields(chat.fields, HANDLED, receipt);
  const prompt = withLastCachePoints({ messages, system, toolConfig: tools.toolConfig }, receipt);
  return {
    body: {
      messages: prompt.messages,
      ...(prompt.system.length === 0 ? {} : { system: prompt.system }),
      inferenceConfig,
      ...(prompt.toolConfig ? { toolConfig: prompt.toolConfig } : {}),
      ...(answer && 'outputConfig' in answer ? { outputConfig: answer.outputConfig } : {}),
      ...serviceTier(chat.serviceTier),
      ...vendorFields(chat.fields, additionalFields, chat.isStreaming),
    },
    answerTool: tools.answerTool,
  };
}

function inferenceOf(chat: ChatRequest) {
  return {
    maxTokens: chat.maxTokens,
    temperature: chat.temperature,
    topP: chat.topP,
    topK: chat.topK,
    stop: chat.stop,
    thinking: chat.thinking,
    effort: chat.reasoningEffort,
    showsThinking: true,
    wantsVisibleThinking: chat.wantsVisibleThinking ?? false,
    names: { ...NAMES, maxTokens: maxTokensName(chat.fields) },
  };
}

const maxTokensName = ({ max_completion_tokens: newer }: JsonObject) =>
  newer === undefined || newer === null ? 'max_tokens' : 'max_completion_tokens';

/** `auto` is what Bedrock does without one. */
const serviceTier = (tier: string | undefined): JsonObject =>
  tier === undefined || tier === '' || tier === 'auto' ? {} : { serviceTier: { type: tier } };

function formatPlan({ responseFormat }: ChatRequest, context: SchemaContext & { readonly receipt: Receipt }) {
  if (responseFormat === undefined || responseFormat.type === 'text') return undefined;
  if (responseFormat.type === 'json_object') {
    // Converse knows no JSON mode; a tool of any shape gets an empty object more often than an answer.
    context.receipt.drop('response_format');
    return undefined;
  }
  const { schema, name, description } = responseFormat;
  return planSchema({ path: 'response_format.json_schema.schema', schema, name, description }, context);
}
