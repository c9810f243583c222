import type { Attributes } from '@opentelemetry/api';
import {
  arrayOf,
  isJsonArray,
  isJsonObject,
  numberOf,
  objectOf,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../codec/json-value.js';
import type { EndpointName } from '../../endpoints/endpoint.js';
import {
  chatParts,
  messageParts,
  partsOf,
  responseItem,
  textPart,
  toolResponsePart,
  type ContentMessage,
  type Part,
} from './content-parts.js';

/** Texts that the client sent; only to be recorded when that is asked for. @see spec observability.md section 5, "Content" */
export function requestContent(endpoint: EndpointName, body: JsonObject): Attributes {
  switch (endpoint) {
    case 'chat-completions':
      return {
        ...list(
          'gen_ai.input.messages',
          arrayOf(body['messages']).map((item) => chatMessage(objectOf(item))),
        ),
        ...list(
          'gen_ai.tool.definitions',
          arrayOf(body['tools']).flatMap((tool) => chatTool(objectOf(tool))),
        ),
      };
    case 'completions':
      return list('gen_ai.input.messages', prompts(body['prompt']));
    case 'messages':
    case 'count-tokens':
      return {
        ...list(
          'gen_ai.input.messages',
          arrayOf(body['messages']).map((item) => anthropicMessage(objectOf(item))),
        ),
        ...list('gen_ai.system_instructions', messageParts(body['system'])),
        ...list(
          'gen_ai.tool.definitions',
          arrayOf(body['tools']).flatMap((tool) => anthropicTool(objectOf(tool))),
        ),
      };
    case 'responses':
      return {
        ...list('gen_ai.input.messages', responsesInput(body['input'])),
        ...list(
          'gen_ai.system_instructions',
          partsOf(body['instructions'], () => []),
        ),
        ...list(
          'gen_ai.tool.definitions',
          arrayOf(body['tools']).flatMap((tool) => responsesTool(objectOf(tool))),
        ),
      };
    default:
      return {};
  }
}

/** An empty list is no attribute. */
const list = (name: string, items: readonly unknown[]): Attributes =>
  items.length === 0 ? {} : { [name]: JSON.stringify(items) };

function chatMessage(message: JsonObject): ContentMessage {
  const role = stringOf(message['role']) ?? '';
  if (role !== 'tool') return { role, parts: chatParts(message) };
  const text = partsOf(message['content'], (item) => [textPart(stringOf(item['text']) ?? '')])[0]?.['content'];
  return { role, parts: [toolResponsePart(message['tool_call_id'], text)] };
}

const anthropicMessage = (message: JsonObject): ContentMessage => ({
  role: stringOf(message['role']) ?? '',
  parts: messageParts(message['content']),
});

/** A text, texts, tokens, or lists of tokens: one message per prompt. */
function prompts(prompt: JsonValue | undefined): readonly ContentMessage[] {
  const userMessage = (content: string) => ({ role: 'user', parts: [textPart(content)] as readonly Part[] });
  const text = stringOf(prompt);
  if (text !== undefined) return [userMessage(text)];
  const items = arrayOf(prompt);
  if (items.length > 0 && numberOf(items[0]) !== undefined) return [userMessage(tokens(items))];
  return items.flatMap((item) => {
    const one = stringOf(item);
    if (one !== undefined) return [userMessage(one)];
    return isJsonArray(item) ? [userMessage(tokens(item))] : [];
  });
}

const tokens = (items: readonly JsonValue[]) => `<${items.length} tokens>`;

function responsesInput(input: JsonValue | undefined): readonly ContentMessage[] {
  const text = stringOf(input);
  if (text !== undefined) return text === '' ? [] : [{ role: 'user', parts: [textPart(text)] }];
  return arrayOf(input).flatMap((item) => (isJsonObject(item) ? (responseItem(item) ?? []) : []));
}

interface ToolDefinition {
  readonly type: string;
  readonly name: string;
  readonly description?: string;
  readonly parameters?: JsonValue;
}

function definition(
  name: JsonValue | undefined,
  description: JsonValue | undefined,
  parameters: JsonValue | undefined,
): ToolDefinition {
  const told = stringOf(description);
  return {
    type: 'function',
    name: stringOf(name) ?? '',
    ...(told && { description: told }),
    ...(isJsonObject(parameters) && Object.keys(parameters).length > 0 && { parameters }),
  };
}

function chatTool(tool: JsonObject): readonly ToolDefinition[] {
  if (tool['type'] !== 'function') return [];
  const { name, description, parameters } = objectOf(tool['function']);
  return [definition(name, description, parameters)];
}

/** Tools that Anthropic runs have a dated type, e.g. `web_search_20250305`. */
function anthropicTool(tool: JsonObject): readonly ToolDefinition[] {
  const type = stringOf(tool['type']) ?? 'custom';
  if (type === 'custom') return [definition(tool['name'], tool['description'], tool['input_schema'])];
  const name = stringOf(tool['name']);
  return name ? [{ type, name }] : [];
}

function responsesTool(tool: JsonObject): readonly ToolDefinition[] {
  if (tool['type'] !== 'function') return [];
  return [definition(tool['name'], tool['description'], tool['parameters'])];
}
