import type { Histogram } from '@opentelemetry/api';
import type { MetricsRegistry } from '../../../platform/metrics/metrics-registry.js';
import type { TokenUsage } from '../../../shared/token-usage.js';
import { LabelSets, TOKEN_TYPES, withErrorType, type GenAiLabels, type TokenType } from './genai-labels.js';

const TOKEN_BUCKETS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];
const DURATION_BUCKETS_SECONDS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const FIRST_TOKEN_BUCKETS_SECONDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15, 20, 30, 45, 60,
];
const PER_TOKEN_BUCKETS_SECONDS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];

const USAGE_MEMBERS: Readonly<Record<TokenType, keyof TokenUsage>> = {
  input: 'inputTokens',
  cached_input: 'cachedInputTokens',
  cache_creation_input: 'cacheCreationInputTokens',
  output: 'outputTokens',
  reasoning: 'reasoningTokens',
};

/** As many combinations of operation, provider, models and mapped headers are told apart; see {@link LabelSets}. */
export const LABEL_SETS_MAX = 1_000;

/** The four GenAI histograms. @see spec observability.md sections 3.1 to 3.5 */
export class GenAiMetrics {
  readonly #labelSets: LabelSets;
  readonly #tokenUsage: Histogram;
  readonly #requestDuration: Histogram;
  readonly #timeToFirstToken: Histogram;
  readonly #timePerOutputToken: Histogram;

  constructor({ meter }: MetricsRegistry, labelSetsMax = LABEL_SETS_MAX) {
    const histogram = (name: string, unit: string, description: string, explicitBucketBoundaries: number[]) =>
      meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries } });
    this.#labelSets = new LabelSets(labelSetsMax);
    this.#tokenUsage = histogram('gen_ai.client.token.usage', 'token', 'Tokens per request, by type.', TOKEN_BUCKETS);
    this.#requestDuration = histogram(
      'gen_ai.server.request.duration',
      's',
      'Time from the start of the last attempt to the end of its response.',
      DURATION_BUCKETS_SECONDS,
    );
    this.#timeToFirstToken = histogram(
      'gen_ai.server.time_to_first_token',
      's',
      'Time from the start of the last attempt to the first token of a stream.',
      FIRST_TOKEN_BUCKETS_SECONDS,
    );
    this.#timePerOutputToken = histogram(
      'gen_ai.server.time_per_output_token',
      's',
      'Mean time per token after the first one of a stream.',
      PER_TOKEN_BUCKETS_SECONDS,
    );
  }

  /** One record for each member that the provider reported; a reported zero counts. */
  recordTokenUsage(labels: GenAiLabels, usage: TokenUsage): void {
    const { byTokenType } = this.#labelSets.of(labels);
    for (const type of TOKEN_TYPES) {
      const tokens = usage[USAGE_MEMBERS[type]];
      if (tokens !== undefined) this.#tokenUsage.record(tokens, byTokenType[type]);
    }
  }

  /** Once per attempt that reached a result; `errorType` exactly when it failed. */
  recordRequestDuration(labels: GenAiLabels, seconds: number, errorType?: string): void {
    const set = this.#labelSets.of(labels);
    this.#requestDuration.record(seconds, errorType === undefined ? set.plain : withErrorType(set, errorType));
  }

  recordTimeToFirstToken(labels: GenAiLabels, seconds: number): void {
    this.#timeToFirstToken.record(seconds, this.#labelSets.of(labels).plain);
  }

  recordTimePerOutputToken(labels: GenAiLabels, seconds: number): void {
    this.#timePerOutputToken.record(seconds, this.#labelSets.of(labels).plain);
  }
}
