import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { counterOf, membersOf } from '../../../codec/usage.js';

/**
 * Counters of the `usage` member of a response object. Never throws; what is no counter counts as not reported.
 * Cache creation is an extension, read whole and streamed alike (translators.md G27).
 * @see spec translators.md section 4
 */
export function readResponsesUsage(value: unknown): TokenUsage {
  const usage = membersOf(value);
  const inputDetails = membersOf(usage['input_tokens_details']);
  const outputDetails = membersOf(usage['output_tokens_details']);
  return counters({
    inputTokens: usage['input_tokens'],
    cachedInputTokens: inputDetails['cached_tokens'],
    cacheCreationInputTokens: inputDetails['cache_creation_input_tokens'],
    outputTokens: usage['output_tokens'],
    totalTokens: usage['total_tokens'],
    reasoningTokens: outputDetails['reasoning_tokens'],
  });
}

const counters = (reported: Readonly<Partial<Record<keyof TokenUsage, unknown>>>): TokenUsage =>
  Object.fromEntries(
    Object.entries(reported).flatMap(([name, value]) => {
      const counter = counterOf(value);
      return counter === undefined ? [] : [[name, counter]];
    }),
  );
