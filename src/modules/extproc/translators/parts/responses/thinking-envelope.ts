import type { SchemaName } from '../../../../../shared/filter-config/filter-config.js';
import { arrayOf, isJsonObject, parseJsonLeniently, stringOf, type JsonValue } from '../../../codec/json-value.js';
import type { ThinkingBlock } from '../chat/chat-request.js';

/** Providers that can read each other's thinking: a signature of one family is refused by the others. */
export type ThinkingFamily = 'anthropic' | 'bedrock' | 'gemini' | 'openai';

export function thinkingFamilyOf(schema: SchemaName): ThinkingFamily {
  switch (schema) {
    case 'Anthropic':
    case 'AWSAnthropic':
    case 'GCPAnthropic':
      return 'anthropic';
    case 'AWSBedrock':
      return 'bedrock';
    case 'GCPVertexAI':
      return 'gemini';
    default:
      return 'openai';
  }
}

const VERSION = 1;

/**
 * `encrypted_content` of a reasoning item: what the provider must get back unchanged with the next request, as base64 of
 * `{v, family, blocks}`. Opaque to clients, not secret. @see spec translators.md 18.3.5
 */
export function sealThinking(family: ThinkingFamily, blocks: readonly ThinkingBlock[]): string {
  return Buffer.from(JSON.stringify({ v: VERSION, family, blocks })).toString('base64');
}

/** None when the text is no envelope, of another version or of another family: the item is passed over then. */
export function openThinking(family: ThinkingFamily, text: string): readonly ThinkingBlock[] {
  const envelope = parseJsonLeniently(Buffer.from(text, 'base64'));
  if (!isJsonObject(envelope) || envelope['v'] !== VERSION || envelope['family'] !== family) return [];
  return arrayOf(envelope['blocks']).flatMap(readBlock);
}

function readBlock(value: JsonValue): ThinkingBlock[] {
  if (!isJsonObject(value)) return [];
  const data = stringOf(value['data']);
  if (value['type'] === 'redacted_thinking') return data === undefined ? [] : [{ type: 'redacted_thinking', data }];
  if (value['type'] !== 'thinking') return [];
  const thinking = stringOf(value['thinking']);
  const signature = stringOf(value['signature']);
  return [
    {
      type: 'thinking',
      ...(thinking === undefined ? {} : { thinking }),
      ...(signature === undefined ? {} : { signature }),
    },
  ];
}
