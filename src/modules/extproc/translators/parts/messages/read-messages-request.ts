import type { JsonObject } from '../../../codec/json-value.js';
import {
  optionalBoolean,
  optionalNumber,
  optionalObject,
  optionalString,
  optionalStrings,
  requiredArray,
  requiredString,
} from '../request-fields.js';
import type {
  InputMessage,
  MessagesRequest,
  MessageThinking,
  MessageTool,
  MessageToolChoice,
  OutputConfig,
} from './messages-request.js';
import { objectsOf, optionalUnion, readCacheControl, readContent, readSystem } from './read-content-blocks.js';

/**
 * Reads the body of `/v1/messages` or of `/v1/messages/count_tokens`. Roles, block types, tool types and kinds of thinking
 * that are not known are kept as unknown: it is the provider's converter that decides.
 * @throws {MalformedRequestError} when a member has not the shape that Anthropic's API gives it
 * @see spec translators.md section 11 and 2.1
 */
export function readMessagesRequest(document: JsonObject): MessagesRequest {
  requiredArray(document, 'messages', '');
  const metadata = optionalObject(document, 'metadata', '') ?? {};
  return {
    isStreaming: optionalBoolean(document, 'stream', '') ?? false,
    system: readSystem(document),
    messages: objectsOf(document, 'messages', '').map(({ object, path }) => readMessage(object, path)),
    ...present({
      maxTokens: optionalNumber(document, 'max_tokens', ''),
      temperature: optionalNumber(document, 'temperature', ''),
      topP: optionalNumber(document, 'top_p', ''),
      topK: optionalNumber(document, 'top_k', ''),
      toolChoice: readToolChoice(document),
      thinking: readThinking(document),
      userId: optionalString(metadata, 'user_id', 'metadata') || undefined,
    }),
    stopSequences: optionalStrings(document, 'stop_sequences', '') ?? [],
    tools: objectsOf(document, 'tools', '').map(({ object, path }) => readTool(object, path)),
    outputConfig: readOutputConfig(document),
    fields: document,
  };
}

function readMessage(message: JsonObject, path: string): InputMessage {
  return { path, role: requiredString(message, 'role', path), content: readContent(message, 'content', path) };
}

function readTool(tool: JsonObject, path: string): MessageTool {
  const type = optionalString(tool, 'type', path) ?? 'custom';
  if (type !== 'custom') return { kind: 'typed', path, type, name: optionalString(tool, 'name', path) ?? '' };
  return {
    kind: 'custom',
    path,
    name: requiredString(tool, 'name', path),
    ...present({
      description: optionalString(tool, 'description', path),
      inputSchema: tool['input_schema'] ?? undefined,
      strict: optionalBoolean(tool, 'strict', path),
    }),
    ...readCacheControl(tool, path),
  };
}

function readToolChoice(document: JsonObject): MessageToolChoice | undefined {
  const choice = optionalUnion(document, 'tool_choice', '');
  if (choice === undefined) return undefined;
  const { type, object, path } = choice;
  const base = present({ disableParallelToolUse: optionalBoolean(object, 'disable_parallel_tool_use', path) });
  switch (type) {
    case 'auto':
    case 'any':
    case 'none':
      return { ...base, kind: type };
    case 'tool':
      return { ...base, kind: type, name: requiredString(object, 'name', path) };
    default:
      return { ...base, kind: 'unknown', type };
  }
}

function readThinking(document: JsonObject): MessageThinking | undefined {
  const thinking = optionalUnion(document, 'thinking', '');
  if (thinking === undefined) return undefined;
  const { type, object, path } = thinking;
  const display = present({ display: optionalString(object, 'display', path) });
  switch (type) {
    case 'enabled':
      return { type, ...present({ budgetTokens: optionalNumber(object, 'budget_tokens', path) }), ...display };
    case 'adaptive':
      return { type, ...display };
    case 'disabled':
      return { type };
    default:
      return { type: 'unknown', name: type };
  }
}

/** A format of another type than `json_schema`, or without a schema, reads as absent. */
function readOutputConfig(document: JsonObject): OutputConfig {
  const config = optionalObject(document, 'output_config', '') ?? {};
  const format = optionalUnion(config, 'format', 'output_config') ?? optionalUnion(document, 'output_format', '');
  const schema = format?.type === 'json_schema' ? format.object['schema'] : undefined;
  return present({
    effort: optionalString(config, 'effort', 'output_config'),
    format: format && schema !== undefined && schema !== null ? { path: format.path, schema } : undefined,
  });
}

/** The members that are not undefined. */
function present<T extends object>(members: T) {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
