import type { TokenUsage } from '../../../../../shared/token-usage.js';

/** Token counters as Anthropic reports them; `input_tokens` leaves cached ones out. */
export interface AnthropicCounters {
  readonly rawInput?: number;
  readonly cacheRead?: number;
  readonly cacheCreation?: number;
  readonly output?: number;
}

/** Reads a `usage` object leniently: what is no counter reads as absent. */
export function readAnthropicUsage(value: unknown): AnthropicCounters {
  if (typeof value !== 'object' || value === null) return {};
  const members = value as Readonly<Record<string, unknown>>;
  const counters: Record<string, number> = {};
  for (const [name, key] of NAMES) {
    const counter = members[key];
    if (typeof counter === 'number' && Number.isFinite(counter) && counter >= 0) counters[name] = Math.floor(counter);
  }
  return counters;
}

const NAMES = [
  ['rawInput', 'input_tokens'],
  ['cacheRead', 'cache_read_input_tokens'],
  ['cacheCreation', 'cache_creation_input_tokens'],
  ['output', 'output_tokens'],
] as const;

/**
 * Unified usage by the explicit caching rule: input is all that was read, cached tokens included.
 * @see spec translators.md section 4
 */
export function toTokenUsage(counters: AnthropicCounters): TokenUsage {
  const { rawInput, cacheRead = 0, cacheCreation = 0, output } = counters;
  if (rawInput === undefined && output === undefined) return {};
  const inputTokens = (rawInput ?? 0) + cacheRead + cacheCreation;
  return {
    inputTokens,
    cachedInputTokens: cacheRead,
    cacheCreationInputTokens: cacheCreation,
    ...(output === undefined ? {} : { outputTokens: output }),
    totalTokens: inputTokens + (output ?? 0),
  };
}
