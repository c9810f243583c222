/**
 * Messages in the shape of the convention: a role and parts. Fields that are empty are left out.
 * @see spec observability.md section 5, "Parts"
 */
import { arrayOf, isJsonObject, objectOf, stringOf, type JsonObject, type JsonValue } from '../../codec/json-value.js';

export type Part = Readonly<Record<string, string>>;

export interface ContentMessage {
  readonly role: string;
  readonly parts: readonly Part[];
  readonly finish_reason?: string;
}

export const textPart = (content: string): Part => part('text', { content });

export const toolCallPart = (id: JsonValue | undefined, name: JsonValue | undefined, args: string | undefined): Part =>
  part('tool_call', { id: stringOf(id), name: stringOf(name), arguments: args });

export const toolResponsePart = (id: JsonValue | undefined, content?: string): Part =>
  part('tool_call_response', { id: stringOf(id), content });

/** What is told of images, audio and reasoning: that they are there. */
export const barePart = (type: 'image' | 'audio' | 'reasoning'): Part => ({ type });

function part(type: string, fields: Readonly<Record<string, string | undefined>>): Part {
  const told: Record<string, string> = { type };
  for (const [name, value] of Object.entries(fields)) if (value) told[name] = value;
  return told;
}

/** A text, or the parts that `read` makes of a list. */
export function partsOf(content: JsonValue | undefined, read: (item: JsonObject) => readonly Part[]): readonly Part[] {
  const text = stringOf(content);
  if (text !== undefined) return text === '' ? [] : [textPart(text)];
  return arrayOf(content).flatMap((item) => (isJsonObject(item) ? read(item) : []));
}

/** Parts of a chat message: of its content, then its tool calls. */
export const chatParts = (message: JsonObject): readonly Part[] => [
  ...partsOf(message['content'], chatContent),
  ...arrayOf(message['tool_calls']).map((item) => {
    const call = objectOf(item);
    const { name, arguments: args } = objectOf(call['function']);
    return toolCallPart(call['id'], name, stringOf(args));
  }),
];

function chatContent(item: JsonObject): readonly Part[] {
  switch (item['type']) {
    case 'text':
      return [textPart(stringOf(item['text']) ?? '')];
    case 'image_url':
      return [barePart('image')];
    case 'input_audio':
      return [barePart('audio')];
    default:
      return [];
  }
}

/** Blocks of Anthropic's messages, sent or received. */
export const messageParts = (content: JsonValue | undefined): readonly Part[] =>
  partsOf(content, (block) => {
    switch (block['type']) {
      case 'text':
        return [textPart(stringOf(block['text']) ?? '')];
      case 'image':
        return [barePart('image')];
      case 'tool_use':
        return [toolCallPart(block['id'], block['name'], JSON.stringify(block['input'] ?? {}))];
      case 'tool_result':
        return [toolResponsePart(block['tool_use_id'])];
      case 'thinking':
      case 'redacted_thinking':
        return [barePart('reasoning')];
      default:
        return [];
    }
  });

/** An item of the responses API, sent or received; undefined for a kind that the convention has no part for. */
export function responseItem(item: JsonObject): ContentMessage | undefined {
  const role = stringOf(item['role']) || 'assistant';
  switch (item['type'] ?? 'message') {
    case 'message':
      return { role, parts: partsOf(item['content'], responseContent) };
    case 'function_call':
      return { role: 'assistant', parts: [toolCallPart(item['call_id'], item['name'], stringOf(item['arguments']))] };
    case 'custom_tool_call':
      return { role: 'assistant', parts: [toolCallPart(item['call_id'], item['name'], stringOf(item['input']))] };
    case 'function_call_output':
    case 'custom_tool_call_output':
      return { role: 'tool', parts: [toolResponsePart(item['call_id'], stringOf(item['output']))] };
    case 'reasoning':
      return { role: 'assistant', parts: [barePart('reasoning')] };
    default:
      return undefined;
  }
}

function responseContent(item: JsonObject): readonly Part[] {
  switch (item['type']) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return [textPart(stringOf(item['text']) ?? '')];
    case 'refusal':
      return [textPart(stringOf(item['refusal']) ?? '')];
    case 'input_image':
      return [barePart('image')];
    case 'input_audio':
      return [barePart('audio')];
    default:
      return [];
  }
}
