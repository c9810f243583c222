import {
  arrayOf,
  isJsonArray,
  isJsonObject,
  objectOf,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';

type Names = ReadonlySet<string>;

const MESSAGE: Names = new Set(['role', 'content']);
const METADATA: Names = new Set(['user_id']);
const OUTPUT_CONFIG: Names = new Set(['effort', 'format']);
const CUSTOM_TOOL: Names = new Set(['type', 'name', 'description', 'input_schema', 'strict', 'cache_control']);

/** Types of blocks that are read; others are dropped as a whole. */
const BLOCKS: ReadonlyMap<string, Names> = new Map(
  Object.entries({
    text: ['text'],
    image: ['source'],
    document: ['source', 'title', 'context'],
    search_result: ['source', 'title', 'content'],
    thinking: ['thinking', 'signature'],
    redacted_thinking: ['data'],
    tool_use: ['id', 'name', 'input'],
    tool_result: ['tool_use_id', 'content', 'is_error'],
  }).map(([type, names]) => [type, new Set(['type', 'cache_control', ...names])]),
);

/**
 * Puts the members below the top level into the receipt that {@link readMessagesRequest} does not read: no provider but
 * Anthropic gets them. Those that are null, off or empty are no loss. Bounded by the receipt.
 */
export function dropIgnoredMembers(document: JsonObject, receipt: Receipt): void {
  dropOthers(objectOf(document['metadata']), METADATA, 'metadata', receipt);
  dropOthers(objectOf(document['output_config']), OUTPUT_CONFIG, 'output_config', receipt);
  for (const [index, item] of arrayOf(document['tools']).entries()) {
    const tool = objectOf(item);
    const isCustom = (tool['type'] ?? 'custom') === 'custom';
    if (isCustom) dropOthers(tool, CUSTOM_TOOL, `tools[${index}]`, receipt);
  }
  dropOfBlocks(document['system'], 'system', receipt);
  for (const [index, item] of arrayOf(document['messages']).entries()) {
    const message = objectOf(item);
    dropOthers(message, MESSAGE, `messages[${index}]`, receipt);
    dropOfBlocks(message['content'], `messages[${index}].content`, receipt);
  }
}

function dropOfBlocks(content: JsonValue | undefined, path: string, receipt: Receipt): void {
  for (const [index, item] of arrayOf(content).entries()) {
    const block = objectOf(item);
    const names = BLOCKS.get(stringOf(block['type']) ?? '');
    if (names === undefined) continue;
    const blockPath = `${path}[${index}]`;
    dropOthers(block, names, blockPath, receipt);
    dropOfBlocks(block['content'], `${blockPath}.content`, receipt);
  }
}

function dropOthers(object: JsonObject, names: Names, path: string, receipt: Receipt): void {
  for (const [name, value] of Object.entries(object)) {
    if (!names.has(name) && hasEffect(name, value)) receipt.drop(`${path}.${name}`);
  }
}

function hasEffect(name: string, value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false) return false;
  if (isJsonArray(value)) return value.length > 0;
  if (!isJsonObject(value)) return true;
  if (name === 'citations') return value['enabled'] !== false;
  // Newer models say so with each call that no program of theirs made.
  return name !== 'caller' || value['type'] !== 'direct';
}
