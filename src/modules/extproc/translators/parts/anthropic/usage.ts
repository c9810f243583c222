import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { numberOf, objectOf, type JsonValue } from '../../../codec/json-value.js';
import { counterOf } from '../../../codec/usage.js';

/** Token counters as Anthropic reports them; `input_tokens` leaves cached ones out. */
export interface AnthropicCounters {
  readonly rawInput?: number;
  readonly cacheRead?: number;
  readonly cacheCreation?: number;
  readonly output?: number;
  /** Part of `output`; newer models tell it. */
  readonly thinking?: number;
}

const NAMES = [
  ['rawInput', 'input_tokens'],
  ['cacheRead', 'cache_read_input_tokens'],
  ['cacheCreation', 'cache_creation_input_tokens'],
  ['output', 'output_tokens'],
] as const;

/** Reads a `usage` object leniently: what is no counter reads as absent. */
export function readAnthropicUsage(value: unknown): AnthropicCounters {
  const usage = objectOf(value as JsonValue | undefined);
  const counters: { -readonly [Name in keyof AnthropicCounters]: number } = {};
  for (const [name, key] of NAMES) {
    const counter = counterOf(numberOf(usage[key]));
    if (counter !== undefined) counters[name] = counter;
  }
  const thinking = counterOf(numberOf(objectOf(usage['output_tokens_details'])['thinking_tokens']));
  if (thinking !== undefined) counters.thinking = thinking;
  return counters;
}

/**
 * What a `message_delta` adds to what is known: its counters are totals, so they overwrite; but its zeros for what was read
 * mean that it does not tell. @see spec translators.md section 4, cells 20 to 22
 */
export function mergeCumulative(known: AnthropicCounters, delta: AnthropicCounters): AnthropicCounters {
  const { output, thinking, ...read } = delta;
  const told = Object.fromEntries(Object.entries(read).filter(([, counter]) => counter > 0));
  return {
    ...known,
    ...told,
    ...(output === undefined ? {} : { output }),
    ...(thinking === undefined ? {} : { thinking }),
  };
}

/** No sum is larger than what a number can count exactly. */
const sumOf = (...counters: readonly number[]) =>
  Math.min(
    counters.reduce((sum, counter) => sum + counter, 0),
    Number.MAX_SAFE_INTEGER,
  );

/**
 * Unified usage by the explicit caching rule: input is all that was read, cached tokens included. Empty when nothing was
 * reported. @see spec translators.md section 4
 */
export function toTokenUsage(counters: AnthropicCounters): TokenUsage {
  if (Object.keys(counters).length === 0) return {};
  const { rawInput = 0, cacheRead = 0, cacheCreation = 0, output, thinking } = counters;
  const inputTokens = sumOf(rawInput, cacheRead, cacheCreation);
  return {
    inputTokens,
    cachedInputTokens: cacheRead,
    cacheCreationInputTokens: cacheCreation,
    ...(output === undefined ? {} : { outputTokens: output }),
    totalTokens: sumOf(inputTokens, output ?? 0),
    ...(thinking === undefined ? {} : { reasoningTokens: thinking }),
  };
}
