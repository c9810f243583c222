import type { TokenUsage } from '../../../../../shared/token-usage.js';

/**
 * `usage` as clients of Anthropic read it: `input_tokens` leaves out what was read from or written to a cache. All counters
 * are numbers, zero when not known. @see spec translators.md section 4 and 18.1.5
 */
export function anthropicUsage(usage: TokenUsage) {
  const cacheRead = usage.cachedInputTokens ?? 0;
  const cacheCreation = usage.cacheCreationInputTokens ?? 0;
  const thinking = usage.reasoningTokens;
  return {
    input_tokens: Math.max(0, (usage.inputTokens ?? 0) - cacheRead - cacheCreation),
    cache_creation_input_tokens: cacheCreation,
    cache_read_input_tokens: cacheRead,
    output_tokens: usage.outputTokens ?? 0,
    ...(thinking === undefined ? {} : { output_tokens_details: { thinking_tokens: thinking } }),
  };
}
