import { isJsonObject, objectOf, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import {
  malformed,
  memberPath,
  objectItem,
  optionalArray,
  optionalString,
  requiredString,
  unknownWord,
} from '../request-fields.js';
import type { ThinkingBlock } from './chat-request.js';

/**
 * Thinking that an assistant message replays: its `thinking_blocks`, else the object form of `reasoning_content` that older
 * gateways gave (translators.md G4). A `reasoning_content` of text only is no proof that a provider takes back.
 */
export function readThinkingBlocks(message: JsonObject, path: string, ignored: Receipt): readonly ThinkingBlock[] {
  const blocks = optionalArray(message, 'thinking_blocks', path) ?? [];
  const reasoning = message['reasoning_content'] ?? null;
  const reasoningPath = memberPath(path, 'reasoning_content');
  if (reasoning !== null && typeof reasoning !== 'string' && !isJsonObject(reasoning)) {
    throw malformed(reasoningPath, 'a string or an object', reasoning);
  }
  if (blocks.length > 0) return blocks.map((block, index) => readBlock(block, `${path}.thinking_blocks[${index}]`));
  if (isJsonObject(reasoning)) return readOldReasoning(reasoning, reasoningPath);
  if (reasoning !== null && reasoning !== '') ignored.drop(reasoningPath);
  return [];
}

function readBlock(item: JsonValue, path: string): ThinkingBlock {
  const block = objectItem(item, path);
  switch (block['type']) {
    case 'thinking':
      return {
        type: 'thinking',
        ...thinkingMembers(optionalString(block, 'thinking', path), optionalString(block, 'signature', path)),
      };
    case 'redacted_thinking':
      return { type: 'redacted_thinking', data: requiredString(block, 'data', path) };
    default:
      throw unknownWord(memberPath(path, 'type'), '"thinking" or "redacted_thinking"', block['type']);
  }
}

/** `{text,signature,redactedContent}`, or the same as `{reasoningContent:{reasoningText:{text,signature},redactedContent}}`. */
function readOldReasoning(reasoning: JsonObject, path: string): readonly ThinkingBlock[] {
  const outer = isJsonObject(reasoning['reasoningContent']) ? reasoning['reasoningContent'] : reasoning;
  const inner = isJsonObject(outer['reasoningText']) ? objectOf(outer['reasoningText']) : outer;
  const text = optionalString(inner, 'text', path);
  const signature = optionalString(inner, 'signature', path);
  const data = optionalString(outer, 'redactedContent', path);
  return [
    ...(text || signature ? [{ type: 'thinking' as const, ...thinkingMembers(text, signature) }] : []),
    ...(data ? [{ type: 'redacted_thinking' as const, data }] : []),
  ];
}

const thinkingMembers = (thinking: string | undefined, signature: string | undefined) => ({
  ...(thinking === undefined ? {} : { thinking }),
  ...(signature === undefined ? {} : { signature }),
});
