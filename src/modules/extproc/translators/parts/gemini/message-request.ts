import { UserFacingError } from '../../../../../shared/errors.js';
import type { Receipt } from '../../receipt.js';
import { dropUnhandledFields } from '../chat/handled-fields.js';
import { dropIgnoredMembers } from '../messages/ignored-members.js';
import type { MessagesRequest, MessageTool, MessageToolChoice } from '../messages/messages-request.js';
import { shownWord } from '../request-fields.js';
import { checkedStops, withoutUndefined } from './generation-config.js';
import { toMessageConversation } from './message-content.js';
import type { GeminiModel } from './model.js';
import { jsonSchemaFormat } from './response-format.js';
import { SchemaWriter } from './schema.js';
import { toThinkingConfig } from './thinking.js';
import { toParameters, withFunctions } from './tools.js';
import type { FunctionDeclaration, GeminiRequest, GeminiToolConfig, GenerationConfig, ThinkingConfig } from './wire.js';

const HANDLED: ReadonlySet<string> = new Set([
  'system',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'thinking',
  'output_config',
  'output_format',
  'tools',
  'tool_choice',
]);

/** A request of Anthropic's Messages API as a `generateContent` body. @throws {UserFacingError} 422 @see spec translators.md 18.2 */
export function toGeminiMessages(request: MessagesRequest, model: GeminiModel, receipt: Receipt): GeminiRequest {
  const schemas = new SchemaWriter(model);
  const { format } = request.outputConfig;
  const generationConfig = {
    ...toGenerationConfig(request, model, receipt),
    ...(format === undefined ? {} : jsonSchemaFormat(format.schema, `${format.path}.schema`, schemas)),
  };
  const tools = withFunctions(
    [],
    request.tools.map((tool) => toDeclaration(tool, schemas, receipt)),
  );
  const toolConfig = request.toolChoice && toToolConfig(request.toolChoice, receipt);
  dropUnhandledFields(request.fields, HANDLED, receipt);
  dropIgnoredMembers(request.fields, receipt);
  return {
    ...toMessageConversation(request.system, request.messages, model, receipt),
    ...(tools === undefined ? {} : { tools }),
    ...(toolConfig === undefined ? {} : { toolConfig }),
    ...(Object.keys(generationConfig).length === 0 ? {} : { generationConfig }),
  };
}

function toGenerationConfig(request: MessagesRequest, model: GeminiModel, receipt: Receipt): GenerationConfig {
  return withoutUndefined({
    maxOutputTokens: request.maxTokens,
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    stopSequences: checkedStops(request.stopSequences, 'stop_sequences'),
    thinkingConfig: thinkingOf(request, model, receipt),
  });
}

function thinkingOf({ thinking, outputConfig }: MessagesRequest, model: GeminiModel, receipt: Receipt) {
  const effort = { effort: outputConfig.effort, effortPath: 'output_config.effort' };
  const configOf = (wish: Partial<Parameters<typeof toThinkingConfig>[1]>): ThinkingConfig | undefined =>
    toThinkingConfig(model.thinking, { kind: undefined, ...effort, ...wish }, receipt);
  switch (thinking?.type) {
    case 'enabled':
      return configOf({
        kind: 'enabled',
        budgetTokens: thinking.budgetTokens,
        includeThoughts: thinking.display !== 'omitted',
      });
    case 'adaptive':
      return configOf({ kind: 'adaptive', includeThoughts: thinking.display !== 'omitted' });
    case 'disabled':
      return configOf({ kind: 'disabled' });
    case 'unknown':
      receipt.drop('thinking');
      return configOf({});
    case undefined:
      return configOf({});
  }
}

function toDeclaration(tool: MessageTool, schemas: SchemaWriter, receipt: Receipt): FunctionDeclaration {
  if (tool.kind === 'typed') {
    throw new UserFacingError(
      `"${tool.path}.type" must be "custom" for this backend, found ${shownWord(tool.type)}: leave out the tools that Anthropic defines`,
    );
  }
  if (tool.strict === true) receipt.drop(`${tool.path}.strict`);
  if (tool.cacheControl) receipt.drop(`${tool.path}.cache_control`);
  return {
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    ...toParameters(tool.inputSchema, `${tool.path}.input_schema`, schemas),
  };
}

function toToolConfig(choice: MessageToolChoice, receipt: Receipt): GeminiToolConfig | undefined {
  if (choice.disableParallelToolUse === true) receipt.drop('tool_choice.disable_parallel_tool_use');
  switch (choice.kind) {
    case 'auto':
      return { functionCallingConfig: { mode: 'AUTO' } };
    case 'any':
      return { functionCallingConfig: { mode: 'ANY' } };
    case 'tool':
      return { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [choice.name] } };
    case 'none':
      return { functionCallingConfig: { mode: 'NONE' } };
    case 'unknown':
      receipt.drop('tool_choice');
      return undefined;
  }
}
