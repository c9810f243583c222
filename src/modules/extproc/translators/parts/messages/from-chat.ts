import {
  arrayOf,
  isJsonObject,
  objectOf,
  parseJson,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';
import { parseOpenAIUsage } from '../../../codec/usage.js';
import type { TokenUsage } from '../../../../../shared/token-usage.js';
import type { StopReason } from './message-result.js';

/** `finish_reason` of chat completions. @param hasTools Some servers say `stop` behind tool calls */
export function toStopReason(finishReason: string | undefined, hasTools: boolean): StopReason {
  switch (finishReason) {
    case 'length':
      return 'max_tokens';
    case 'tool_calls':
    case 'function_call':
      return 'tool_use';
    case 'content_filter':
      return 'refusal';
    default:
      return hasTools ? 'tool_use' : 'end_turn';
  }
}

/** Tokens of a `usage` member; undefined when it reports none. The total is always the sum. @see spec translators.md section 4 */
export function toUsage(value: JsonValue | undefined): TokenUsage | undefined {
  // Through text: a count that is written as `5.0` is a number again.
  const usage = parseOpenAIUsage(value === undefined ? value : JSON.parse(JSON.stringify(value)));
  if (usage.inputTokens === undefined && usage.outputTokens === undefined) return undefined;
  return { ...usage, totalTokens: (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0) };
}

/** A piece of thinking in a message or a delta. */
export type ThinkingPiece =
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'redacted_thinking'; readonly data: string };

/**
 * Thinking of a message or a delta: `thinking_blocks` when there are any, else `reasoning_content`, or `reasoning` of vLLM
 * and OpenRouter, which say the same once more (translators.md G20). That is a string, or an object from gateways before
 * 1.1. Mistral's models have it in parts of the content.
 */
export function thinkingOf(message: JsonObject): readonly ThinkingPiece[] {
  const blocks = arrayOf(message['thinking_blocks']).flatMap((block) => pieceOf(objectOf(block)));
  if (blocks.length > 0) return blocks;
  const reasoning = message['reasoning_content'] || message['reasoning'];
  if (typeof reasoning === 'string') return thinkingPiece(reasoning, '');
  const parts = arrayOf(message['content']).map((part) => textOfParts(objectOf(part)['thinking']));
  if (parts.length > 0) return thinkingPiece(parts.join(''), '');
  const outer = objectOf(reasoning);
  const content = isJsonObject(outer['reasoningContent']) ? outer['reasoningContent'] : outer;
  const told = isJsonObject(content['reasoningText']) ? content['reasoningText'] : content;
  const redacted = stringOf(content['redactedContent']);
  return [
    ...thinkingPiece(stringOf(told['text']) ?? '', stringOf(told['signature']) ?? ''),
    ...(redacted ? [{ type: 'redacted_thinking', data: redacted } as const] : []),
  ];
}

function pieceOf(block: JsonObject): readonly ThinkingPiece[] {
  const data = stringOf(block['data']);
  if (data) return [{ type: 'redacted_thinking', data }];
  return thinkingPiece(stringOf(block['thinking']) ?? '', stringOf(block['signature']) ?? '');
}

const thinkingPiece = (thinking: string, signature: string): readonly ThinkingPiece[] =>
  thinking === '' && signature === '' ? [] : [{ type: 'thinking', thinking, signature }];

/** Text of a message or a delta: a string, or parts, as Mistral's models write it. */
export const contentText = ({ content }: JsonObject): string => stringOf(content) ?? textOfParts(content);

const textOfParts = (parts: JsonValue | undefined): string =>
  arrayOf(parts)
    .map((part) => stringOf(objectOf(part)['text']) ?? '')
    .join('');

/** Arguments of a call as JSON text; some servers give the object itself. */
export function argumentsOf(called: JsonObject): string {
  const value = called['arguments'];
  return isJsonObject(value) ? JSON.stringify(value) : (stringOf(value) ?? '');
}

/** Arguments of a call as `input`; `{}` for what is no JSON object. Numbers keep their text (translators.md G36). */
export function toToolInput(text: string): JsonObject {
  try {
    return objectOf(parseJson(text));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
