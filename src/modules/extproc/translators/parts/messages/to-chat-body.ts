import { createHash } from 'node:crypto';
import { isJsonObject, objectOf, type JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import { dropUnhandledFields } from '../chat/handled-fields.js';
import { dropIgnoredMembers } from './ignored-members.js';
import type { MessagesRequest } from './messages-request.js';
import { toChatMessages } from './to-chat-messages.js';
import { toReasoningEffort } from './to-reasoning-effort.js';

/** Members that this file hands on or answers for in the receipt. */
const HANDLED: ReadonlySet<string> = new Set([
  'system',
  'max_tokens',
  'temperature',
  'top_p',
  'stop_sequences',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
]);

/**
 * A Messages request as the body of a chat completion. @throws {UserFacingError} for what OpenAI cannot be asked
 * @see spec translators.md 11.5 and G20
 */
export function toChatBody(request: MessagesRequest, model: string, receipt: Receipt): JsonObject {
  const { stopSequences, fields } = request;
  dropUnhandledFields(fields, HANDLED, receipt);
  dropIgnoredMembers(fields, receipt);
  const effort = toReasoningEffort(request, model, receipt);
  return {
    model,
    messages: toChatMessages(request.system, request.messages, receipt),
    // As the client wrote the numbers; Anthropic demands a limit, OpenAI does not (translators.md G30).
    ...sent('max_completion_tokens', fields['max_tokens']),
    ...sent('temperature', fields['temperature']),
    ...sent('top_p', fields['top_p']),
    ...(stopSequences.length > 0 ? { stop: stopSequences } : {}),
    ...tools(request, receipt),
    ...(effort === undefined ? {} : { reasoning_effort: effort }),
    ...responseFormat(request, receipt),
    ...user(request, receipt),
    ...(request.isStreaming ? { stream: true, stream_options: { include_usage: true } } : {}),
  };
}

const sent = (name: string, value: JsonObject[string]): JsonObject =>
  value === undefined || value === null ? {} : { [name]: value };

/** A choice only goes with tools: without them OpenAI refuses it. */
function tools(request: MessagesRequest, receipt: Receipt): JsonObject {
  const functions: JsonObject[] = [];
  for (const tool of request.tools) {
    if (tool.kind === 'typed') {
      receipt.drop(tool.path);
      continue;
    }
    if (tool.cacheControl) receipt.drop(`${tool.path}.cache_control`);
    // OpenAI's strict functions demand more of a schema than Anthropic's.
    if (tool.strict === true) receipt.drop(`${tool.path}.strict`);
    const { name, description, inputSchema } = tool;
    functions.push({
      type: 'function',
      function: { name, ...sent('description', description), ...sent('parameters', inputSchema) },
    });
  }
  const { toolChoice } = request;
  if (functions.length === 0) {
    if (toolChoice && request.tools.length > 0) receipt.drop('tool_choice');
    return {};
  }
  return {
    tools: functions,
    ...choice(toolChoice, receipt),
    ...(toolChoice?.disableParallelToolUse === true ? { parallel_tool_calls: false } : {}),
  };
}

function choice(toolChoice: MessagesRequest['toolChoice'], receipt: Receipt): JsonObject {
  switch (toolChoice?.kind) {
    case 'auto':
    case 'none':
      return { tool_choice: toolChoice.kind };
    case 'any':
      return { tool_choice: 'required' };
    case 'tool':
      return { tool_choice: { type: 'function', function: { name: toolChoice.name } } };
    case 'unknown':
      receipt.drop('tool_choice');
      return {};
    case undefined:
      return {};
  }
}

function responseFormat({ outputConfig, fields }: MessagesRequest, receipt: Receipt): JsonObject {
  if (outputConfig.format === undefined) {
    if (isJsonObject(objectOf(fields['output_config'])['format'])) receipt.drop('output_config.format');
    if (isJsonObject(fields['output_format'])) receipt.drop('output_format');
    return {};
  }
  const { schema } = outputConfig.format;
  return { response_format: { type: 'json_schema', json_schema: { name: 'response', schema } } };
}

/** OpenAI refuses a longer `user`. */
const USER_CHARACTERS_MAX = 64;

/** Who asks; a longer id than OpenAI takes is told by its SHA-256, which is the same for the same user. */
function user({ userId }: MessagesRequest, receipt: Receipt): JsonObject {
  if (userId === undefined) return {};
  if (userId.length <= USER_CHARACTERS_MAX) return { user: userId };
  receipt.drop('metadata.user_id');
  return { user: createHash('sha256').update(userId).digest('hex') };
}
