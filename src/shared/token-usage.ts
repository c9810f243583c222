/**
 * Tokens of one attempt. A member is absent until the provider reported it; zero is a report.
 * `inputTokens` holds all that the model read, cached tokens included; `reasoningTokens` is part of `outputTokens`.
 * @see spec translators.md section 4
 */
export interface TokenUsage {
  readonly inputTokens?: number;
  readonly cachedInputTokens?: number;
  readonly cacheCreationInputTokens?: number;
  readonly outputTokens?: number;
  readonly totalTokens?: number;
  readonly reasoningTokens?: number;
  /** What Cohere bills rerank by: searches, not tokens. */
  readonly searchUnits?: number;
}
