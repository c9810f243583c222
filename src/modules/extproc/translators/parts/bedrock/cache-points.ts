import type { Receipt } from '../../receipt.js';
import type { CachePoint, ConverseMessage, SystemBlock, ToolElement } from './converse.js';
import type { ToolConfig } from './tools.js';

/**
 * Converse takes no more cache points in one request.
 * @see https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
 */
const CACHE_POINTS_MAX = 4;

/** What a model reads of a request of Converse. */
export interface ConversePrompt {
  readonly messages: readonly ConverseMessage[];
  readonly system: readonly SystemBlock[];
  readonly toolConfig?: ToolConfig | undefined;
}

/**
 * The prompt with its last cache points only: these cover the longest prefixes, as with Claude itself. The receipt tells
 * `cache_control` when others were left out. @see spec translators.md 18.1.2, "own rule"
 */
export function withLastCachePoints(prompt: ConversePrompt, receipt: Receipt): ConversePrompt {
  const { messages, system, toolConfig } = prompt;
  const sections = [toolConfig?.tools ?? [], system, ...messages.map(({ content }) => content)];
  let surplus = sections.reduce((sum, section) => sum + section.filter(isCachePoint).length, 0) - CACHE_POINTS_MAX;
  if (surplus <= 0) return prompt;
  receipt.drop('cache_control');
  const trimmed = <T extends object>(section: readonly (T | CachePoint)[]) =>
    section.filter((element) => !isCachePoint(element) || --surplus < 0);
  // In the order in which models read them.
  const tools: readonly ToolElement[] | undefined = toolConfig && trimmed(toolConfig.tools);
  return {
    ...(toolConfig && tools ? { toolConfig: { ...toolConfig, tools } } : {}),
    system: trimmed(system),
    messages: messages.map(({ role, content }) => ({ role, content: trimmed(content) })),
  };
}

const isCachePoint = (element: object): element is CachePoint => 'cachePoint' in element;
