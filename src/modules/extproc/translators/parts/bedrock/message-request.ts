import { knownAs, type TranslationOptions } from '../../../../../shared/translation-options.js';
import { arrayOf, isJsonObject, objectOf, parseJson, type JsonObject } from '../../../codec/json-value.js';
import { Receipt } from '../../receipt.js';
import type { TranslatorInput } from '../../translator.js';
import type { Thinking } from '../chat/chat-request.js';
import { dropUnhandledFields } from '../chat/handled-fields.js';
import { bedrockBetas } from '../messages/bedrock-betas.js';
import { dropIgnoredMembers } from '../messages/ignored-members.js';
import type { MessagesRequest, MessageTool } from '../messages/messages-request.js';
import { withLastCachePoints } from './cache-points.js';
import { planInference } from './inference.js';
import type { InferenceNames } from './inference-wish.js';
import { messagesConversation } from './message-turns.js';
import { refusal } from './media.js';
import { modelFamily, traitsIn, type ModelFamily } from './model-family.js';
import { takesSchema, planSchema } from './structured-output.js';
import { calledNamesOf, planTools, type ToolChoice, type ToolDefinition } from './tools.js';
import { canThinkAfter, joinTurns } from './turns.js';
import { vendorFields, VENDOR_FIELDS } from './vendor-fields.js';

/** Members that are read here, or that the receipt tells of in detail. */
const HANDLED: ReadonlySet<string> = new Set([
  'system',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'thinking',
  'tools',
  'tool_choice',
  'output_config',
  'output_format',
  'service_tier',
  'metadata',
  'anthropic_beta',
  'anthropic_version',
  ...VENDOR_FIELDS,
]);

const NAMES: InferenceNames = {
  maxTokens: 'max_tokens',
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  stop: 'stop_sequences',
  thinking: 'thinking',
  effort: 'output_config.effort',
};

export interface ConverseRequest {
  readonly body: JsonObject;
  /** Name of the tool whose input is the answer. */
  readonly answerTool: string | undefined;
  readonly dropped: readonly string[];
}

/**
 * A Messages request as one of Converse.
 * @throws {UserFacingError} 422 @throws {MalformedRequestError} 400
 * @see spec translators.md 11.4 and G20b
 */
export function converseRequest(
  request: MessagesRequest,
  input: TranslatorInput,
  options: TranslationOptions,
): ConverseRequest {
  const model = knownAs(input.requestModel, options);
  const receipt = new Receipt();
  const family = modelFamily(model);
  const traits = traitsIn(family, model);
  const context = { model, family, traits, receipt, defaultMaxTokens: options.defaultMaxTokens };
  const { system, turns } = messagesConversation(request, family, receipt);
  const messages = joinTurns(turns);
  if (messages.length === 0) throw refusal('messages', 'nothing said in them', 'text of the user');
  const { format } = request.outputConfig;
  const answer = format && planSchema(format, context);
  if (format === undefined) dropUnknownFormat(request, receipt);
  const tools = planTools({
    tools: toolsOf(request.tools, receipt),
    choice: choiceOf(request, receipt),
    calledNames: calledNamesOf(turns),
    takesStrict: takesSchema(model, family, traits),
    ...(answer && 'answer' in answer ? { answer: answer.answer } : {}),
    receipt,
    formatName: format?.path ?? '',
  });
  const canThink = !tools.isForced && canThinkAfter(messages);
  const { inferenceConfig, additionalFields } = planInference({ ...inferenceOf(request, receipt), canThink }, context);
  const { fields } = request;
  const additional = withBetas(additionalFields, input, { fields, family, receipt });
  dropUnhandledFields(fields, HANDLED, receipt);
  dropIgnoredMembers(fields, receipt);
  if (request.userId !== undefined) receipt.drop('metadata.user_id');
  const prompt = withLastCachePoints({ messages, system, toolConfig: tools.toolConfig }, receipt);
  return {
    body: {
      messages: prompt.messages,
      ...(prompt.system.length === 0 ? {} : { system: prompt.system }),
      inferenceConfig,
      ...(prompt.toolConfig ? { toolConfig: prompt.toolConfig } : {}),
      ...(answer && 'outputConfig' in answer ? { outputConfig: answer.outputConfig } : {}),
      ...serviceTier(request),
      ...stopSequencePaths(request, family),
      ...vendorFields(fields, additional, request.isStreaming),
    },
    answerTool: tools.answerTool,
    dropped: receipt.dropped,
  };
}

/** Of another type than `json_schema`. */
function dropUnknownFormat({ fields }: MessagesRequest, receipt: Receipt): void {
  if (isJsonObject(objectOf(fields['output_config'])['format'])) receipt.drop('output_config.format');
  if (isJsonObject(fields['output_format'])) receipt.drop('output_format');
}

function toolsOf(tools: readonly MessageTool[], receipt: Receipt): readonly ToolDefinition[] {
  return tools.flatMap((tool): ToolDefinition[] => {
    if (tool.kind !== 'custom') {
      receipt.drop(tool.path);
      return [];
    }
    const { path, name, description, inputSchema: schema, strict = false, cacheControl } = tool;
    return [{ path, name, description, schema, isStrict: strict, cacheControl }];
  });
}

function choiceOf({ toolChoice }: MessagesRequest, receipt: Receipt): ToolChoice | undefined {
  if (toolChoice?.disableParallelToolUse === true) receipt.drop('tool_choice.disable_parallel_tool_use');
  switch (toolChoice?.kind) {
    case 'auto':
    case 'any':
    case 'none':
      return { kind: toolChoice.kind };
    case 'tool':
      return { kind: 'tool', name: toolChoice.name };
    case 'unknown':
      receipt.drop('tool_choice');
      return undefined;
    default:
      return undefined;
  }
}

function inferenceOf(request: MessagesRequest, receipt: Receipt) {
  const thinking = thinkingOf(request, receipt);
  return {
    // Zero is how a missing bound is written by some: Converse has a default of its own (translators.md G30).
    maxTokens: request.maxTokens || undefined,
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    stop: request.stopSequences,
    thinking,
    effort: request.outputConfig.effort,
    showsThinking: false,
    wantsVisibleThinking: false,
    names: NAMES,
  };
}

function thinkingOf({ thinking }: MessagesRequest, receipt: Receipt): Thinking | undefined {
  if (thinking?.type !== 'unknown') return thinking;
  receipt.drop('thinking');
  return undefined;
}

/** `auto` is what Bedrock does without one; Anthropic's other word means the default tier. */
function serviceTier({ fields }: MessagesRequest): JsonObject {
  const tier = fields['service_tier'];
  if (typeof tier !== 'string' || tier === '' || tier === 'auto') return {};
  return { serviceTier: { type: tier === 'standard_only' ? 'default' : tier } };
}

/** Where Claude tells which sequence ended the answer. @see spec translators.md 18.4.3 */
function stopSequencePaths({ stopSequences, isStreaming }: MessagesRequest, family: ModelFamily): JsonObject {
  if (family !== 'claude' || stopSequences.length === 0) return {};
  return { additionalModelResponseFieldPaths: [isStreaming ? '/delta/stop_sequence' : '/stop_sequence'] };
}

/** Betas of the client's header that Bedrock takes, and those of the body; only Claude knows any. */
function withBetas(
  additional: JsonObject,
  input: TranslatorInput,
  { fields, family, receipt }: BetaContext,
): JsonObject {
  const ofBody = arrayOf(fields['anthropic_beta']);
  if (family !== 'claude') {
    if (ofBody.length > 0) receipt.drop('anthropic_beta');
    return additional;
  }
  const { anthropic_beta: text } = bedrockBetas(input);
  const betas = [...arrayOf(additional['anthropic_beta']), ...(text === undefined ? ofBody : arrayOf(parseJson(text)))];
  return betas.length === 0 ? additional : { ...additional, anthropic_beta: [...new Set(betas)] };
}

interface BetaContext {
  readonly fields: JsonObject;
  readonly family: ModelFamily;
  readonly receipt: Receipt;
}
