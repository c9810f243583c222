import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { isJsonObject, numberOf, type JsonValue } from '../../../codec/json-value.js';

const COUNTERS = [
  'promptTokenCount',
  'toolUsePromptTokenCount',
  'cachedContentTokenCount',
  'candidatesTokenCount',
  'thoughtsTokenCount',
  'totalTokenCount',
] as const;
type Counter = (typeof COUNTERS)[number];

/** What a whole answer without usage reports. @see spec translators.md section 4, "A 2xx reply without usage" */
export const NO_USAGE: TokenUsage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  reasoningTokens: 0,
};

/**
 * Reads `usageMetadata`. Objects of a stream may carry none, or some of the counters: the last value of each one counts.
 * What the model read is the prompt and what tools put into it; cached tokens are part of the prompt (translators.md G27).
 * @see spec translators.md 18.2.6, "usageMetadata"
 */
export class UsageReader {
  readonly #counts = new Map<Counter, number>();

  add(metadata: JsonValue | undefined): void {
    if (!isJsonObject(metadata)) return;
    for (const name of COUNTERS) {
      const count = numberOf(metadata[name]);
      if (count !== undefined && Number.isSafeInteger(count) && count >= 0) this.#counts.set(name, count);
    }
  }

  /** Undefined until a counter was seen. */
  get usage(): TokenUsage | undefined {
    if (this.#counts.size === 0) return undefined;
    const inputTokens = this.#count('promptTokenCount') + this.#count('toolUsePromptTokenCount');
    const outputTokens = this.#count('candidatesTokenCount') + this.#count('thoughtsTokenCount');
    return {
      inputTokens,
      cachedInputTokens: this.#count('cachedContentTokenCount'),
      outputTokens,
      totalTokens: this.#counts.get('totalTokenCount') ?? inputTokens + outputTokens,
      reasoningTokens: this.#count('thoughtsTokenCount'),
    };
  }

  #count(name: Counter): number {
    return this.#counts.get(name) ?? 0;
  }
}
