import { UserFacingError } from '../../../../../shared/errors.js';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import {
  malformed,
  memberPath,
  objectItem,
  optionalArray,
  optionalString,
  requiredObject,
  requiredString,
  unknownWord,
} from '../request-fields.js';
import type { AssistantMessage, ChatMessage, TextPart, ToolCall } from './chat-request.js';
import { cacheControlOf } from './read-cache-control.js';
import { readAssistantPart, readTextPart, readUserPart } from './read-parts.js';
import { readThinkingBlocks } from './read-thinking-blocks.js';

const MEMBERS: Readonly<Record<ChatMessage['role'], ReadonlySet<string>>> = {
  system: new Set(['role', 'content', 'name']),
  developer: new Set(['role', 'content', 'name']),
  user: new Set(['role', 'content', 'name']),
  assistant: new Set([
    'role',
    'content',
    'name',
    'refusal',
    'audio',
    'tool_calls',
    'thinking_blocks',
    'reasoning_content',
    // What our own answers carry besides: nothing that a provider would want back.
    'annotations',
    'safety_ratings',
    'grounding_metadata',
  ]),
  tool: new Set(['role', 'content', 'name', 'tool_call_id', 'cache_control']),
};

/** @param ignored Gets the members of the message that have no meaning here. */
export function readMessage(item: JsonValue, path: string, ignored: Receipt): ChatMessage {
  const message = objectItem(item, path);
  const role = readRole(message, path);
  for (const key of Object.keys(message)) {
    if (!MEMBERS[role].has(key) && message[key] !== null) ignored.drop(memberPath(path, key));
  }
  const name = optionalString(message, 'name', path);
  const base = { path, ...(name === undefined ? {} : { name }) };
  switch (role) {
    case 'system':
    case 'developer':
      return { role, ...base, ...textContent(message, path) };
    case 'user':
      return { role, ...base, ...userContent(message, path) };
    case 'assistant':
      return readAssistant(message, base, ignored);
    case 'tool':
      return {
        role,
        ...base,
        toolCallId: requiredString(message, 'tool_call_id', path),
        ...textContent(message, path),
        ...cacheControlOf(message, path),
      };
  }
}

function readRole(message: JsonObject, path: string): ChatMessage['role'] {
  const role = message['role'];
  if (typeof role === 'string' && Object.hasOwn(MEMBERS, role)) return role as ChatMessage['role'];
  throw unknownWord(memberPath(path, 'role'), '"system", "developer", "user", "assistant" or "tool"', role);
}

/** @throws {UserFacingError} 422 when it is missing: OpenAI's API needs it, some servers that speak it do not */
function textContent(message: JsonObject, path: string): { parts: readonly TextPart[]; isPlain: boolean } {
  const contentPath = memberPath(path, 'content');
  const content = message['content'];
  if (typeof content === 'string')
    return { parts: [{ type: 'text', path: contentPath, text: content }], isPlain: true };
  if (isJsonArray(content)) {
    return { parts: content.map((part, index) => readTextPart(part, `${contentPath}[${index}]`)), isPlain: false };
  }
  const expected = 'a string or an array of text parts';
  if (content === undefined) throw new UserFacingError(`"${contentPath}" must be ${expected}, found nothing`);
  throw malformed(contentPath, expected, content);
}

function userContent(message: JsonObject, path: string) {
  const contentPath = memberPath(path, 'content');
  const content = message['content'];
  if (content === undefined || content === null) return { parts: [], isPlain: false };
  if (typeof content === 'string') {
    return {
      parts: content === '' ? [] : [{ type: 'text' as const, path: contentPath, text: content }],
      isPlain: true,
    };
  }
  if (!isJsonArray(content)) throw malformed(contentPath, 'a string or an array of parts', content);
  return { parts: content.map((part, index) => readUserPart(part, `${contentPath}[${index}]`)), isPlain: false };
}

function readAssistant(message: JsonObject, base: { path: string; name?: string }, ignored: Receipt): AssistantMessage {
  const { path } = base;
  const refusal = optionalString(message, 'refusal', path);
  return {
    role: 'assistant',
    ...base,
    ...assistantContent(message, path),
    toolCalls: (optionalArray(message, 'tool_calls', path) ?? []).map((call, index) =>
      readToolCall(call, `${path}.tool_calls[${index}]`),
    ),
    thinkingBlocks: readThinkingBlocks(message, path, ignored),
    ...(refusal === undefined ? {} : { refusal }),
    hasAudio: (message['audio'] ?? null) !== null,
  };
}

function assistantContent(message: JsonObject, path: string): Pick<AssistantMessage, 'parts' | 'isPlain'> {
  const contentPath = memberPath(path, 'content');
  const content = message['content'];
  if (content === undefined || content === null) return { parts: [], isPlain: false };
  if (typeof content === 'string') {
    return { parts: content === '' ? [] : [{ type: 'text', path: contentPath, text: content }], isPlain: true };
  }
  if (isJsonObject(content)) return { parts: [readAssistantPart(content, contentPath)], isPlain: false };
  if (!isJsonArray(content)) throw malformed(contentPath, 'a string, a part or an array of parts', content);
  return { parts: content.map((part, index) => readAssistantPart(part, `${contentPath}[${index}]`)), isPlain: false };
}

function readToolCall(item: JsonValue, path: string): ToolCall {
  const call = objectItem(item, path);
  if (call['type'] === 'custom') {
    throw new UserFacingError(
      `"${path}" calls a custom tool, which this backend cannot take: declare the tool as a function`,
    );
  }
  const functionPath = memberPath(path, 'function');
  const called = requiredObject(call, 'function', path);
  return {
    path,
    id: optionalString(call, 'id', path),
    name: requiredString(called, 'name', functionPath),
    arguments: optionalString(called, 'arguments', functionPath) ?? '',
    ...cacheControlOf(call, path),
  };
}
