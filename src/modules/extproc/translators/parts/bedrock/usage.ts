import type { TokenUsage } from '../../../../../shared/token-usage.js';
import {
  arrayOf,
  isJsonObject,
  numberOf,
  objectOf,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';
import { counterOf } from '../../../codec/usage.js';

/**
 * Unified usage by the explicit caching rule: Converse's `inputTokens` leave out what was read from or written to a cache.
 * Cached counters are there only when the provider told them; undefined when `usage` is no object.
 * @see spec translators.md section 4
 */
export function converseUsage(value: JsonValue | undefined): TokenUsage | undefined {
  if (!isJsonObject(value)) return undefined;
  const uncached = counter(value, 'inputTokens') ?? 0;
  const cacheRead = counter(value, 'cacheReadInputTokens');
  const cacheWrite = counter(value, 'cacheWriteInputTokens') ?? writtenByTtl(value);
  const inputTokens = uncached + (cacheRead ?? 0) + (cacheWrite ?? 0);
  const outputTokens = counter(value, 'outputTokens') ?? 0;
  return {
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    ...(cacheRead === undefined ? {} : { cachedInputTokens: cacheRead }),
    ...(cacheWrite === undefined ? {} : { cacheCreationInputTokens: cacheWrite }),
  };
}

/** Sum of `cacheDetails`, what was written per time to live (translators.md G52). */
function writtenByTtl(usage: JsonObject): number | undefined {
  const details = arrayOf(usage['cacheDetails']);
  if (details.length === 0) return undefined;
  return details.reduce<number>((sum, detail) => sum + (counter(objectOf(detail), 'inputTokens') ?? 0), 0);
}

const counter = (object: JsonObject, name: string) => counterOf(numberOf(object[name]));
