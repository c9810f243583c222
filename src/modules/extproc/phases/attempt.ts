import type { Logger } from 'pino';
import type { TokenUsage } from '../../../shared/token-usage.js';
import type { HeaderAttributes } from '../../../shared/header-attributes.js';
import { metadataKeys } from '../../../shared/headers.js';
import { evaluateCosts } from '../cost/evaluate-costs.js';
import type { RuntimeCosts } from '../cost/runtime-costs.js';
import type { RuntimeBackend } from '../runtime-config/runtime-config.js';
import type { GatewayMetrics } from '../telemetry/gateway-metrics.js';
import type { GenAiLabels } from '../telemetry/genai-labels.js';
import type { GenAiMetrics } from '../telemetry/genai-metrics.js';
import { providerName } from '../telemetry/provider-name.js';
import { mappedLabels } from '../telemetry/mapped-labels.js';
import type { Exchange, ResponseFacts } from '../translators/translator.js';
import type { HeaderLookup } from '../wire/header-fields.js';
import type { DynamicMetadata } from '../wire/processing-response.js';

/** Where attempts record what they learned. */
export interface AttemptContext {
  readonly genAiMetrics: GenAiMetrics;
  readonly gatewayMetrics: GatewayMetrics;
  readonly logger: Logger;
  /** Request header → metric label. */
  readonly metricsHeaderAttributes: HeaderAttributes;
  /** Monotonic, in milliseconds. */
  nowMs(): number;
}

/** What all attempts of one request share. */
export interface AttemptedRequest {
  /** `gen_ai.operation.name`. */
  readonly operation: string;
  /** Undefined when the body was never read. */
  readonly originalModel: string | undefined;
  readonly costs: RuntimeCosts;
}

/** `error.type` of the duration metric; `_OTHER` is the reference's only value. */
type FailureType = '_OTHER' | 'cancelled';

const UNKNOWN_MODEL = 'unknown';

/**
 * One attempt at one backend: what it learned and what was recorded of it. Lives on the router side, because its own stream
 * is gone long before the response comes.
 *
 *   bound ──▶ responding ──▶ completed (success | failure | cancelled), exactly once
 */
export class Attempt {
  readonly startedMs: number;
  readonly requestModel: string;
  /** Undefined when the backend cannot serve the endpoint; the attempt then ends in a local reply. */
  exchange: Exchange | undefined;
  /** True once we answered the client ourselves: the reply passes the response phase and must not be touched there. */
  isAnsweredLocally = false;
  usage: TokenUsage = {};
  responseModel: string | undefined;
  #timeToFirstTokenMs: number | undefined;
  #isCompleted = false;

  constructor(
    private readonly context: AttemptContext,
    private readonly request: AttemptedRequest,
    readonly backend: RuntimeBackend,
    readonly routeName: string,
    private readonly requestHeaders: HeaderLookup,
  ) {
    this.startedMs = context.nowMs();
    this.requestModel = backend.modelNameOverride || (request.originalModel ?? '');
  }

  get isCompleted(): boolean {
    return this.#isCompleted;
  }

  /** Newer reports overwrite older ones member by member. */
  learn(facts: ResponseFacts): void {
    if (facts.usage) this.usage = { ...this.usage, ...facts.usage };
    if (facts.model) this.responseModel = facts.model;
  }

  /** Marks the first body bytes of a streamed answer. */
  noteFirstBody(): void {
    if (this.#timeToFirstTokenMs !== undefined) return;
    this.#timeToFirstTokenMs = this.context.nowMs() - this.startedMs;
    this.context.genAiMetrics.recordTimeToFirstToken(this.#labels(), this.#timeToFirstTokenMs / 1000);
  }

  /** Records the end of a good answer. */
  succeed(isStreamed: boolean): void {
    if (this.#isCompleted) return;
    this.#isCompleted = true;
    const labels = this.#labels();
    this.context.genAiMetrics.recordTokenUsage(labels, this.usage);
    const perTokenMs = isStreamed ? this.#perOutputTokenMs() : undefined;
    if (perTokenMs !== undefined) this.context.genAiMetrics.recordTimePerOutputToken(labels, perTokenMs / 1000);
    this.context.genAiMetrics.recordRequestDuration(labels, this.#elapsedSeconds());
  }

  fail(type: FailureType): void {
    if (this.#isCompleted) return;
    this.#isCompleted = true;
    const labels = this.#labels();
    // Tokens that were reported were spent, whether the client stayed or not.
    if (type === 'cancelled') {
      this.context.genAiMetrics.recordTokenUsage(labels, this.usage);
      this.context.gatewayMetrics.requestCancelled();
    }
    this.context.genAiMetrics.recordRequestDuration(labels, this.#elapsedSeconds(), type);
  }

  /** An attempt whose answer Envoy dropped in favour of another attempt. Not a completion: it counts on its own. */
  supersede(): void {
    if (this.#isCompleted) return;
    this.#isCompleted = true;
    this.context.gatewayMetrics.attemptRetried();
  }

  /** Metadata of a good answer: costs, then the fixed keys, which win. @see spec extproc.md 16.4 */
  responseMetadata(isStreamed: boolean): DynamicMetadata {
    const metadata = new Map<string, string | number>();
    const { values, failures } = evaluateCosts(this.request.costs, {
      usage: this.usage,
      model: this.requestModel,
      backend: this.backend.name,
      backendName: this.backend.shortName,
      routeName: this.routeName,
      schema: this.backend.schema.name,
      responseModel: this.responseModel ?? '',
    });
    for (const [key, value] of values) metadata.set(key, value);
    for (const failure of failures) {
      this.context.gatewayMetrics.costExpressionFailed();
      this.context.logger.warn(
        { metadataKey: failure.metadataKey, reason: failure.reason },
        'cost expression failed, its key is left out',
      );
    }
    this.#setIdentity(metadata);
    const responseModel = this.responseModel ?? this.exchange?.fallbackModel;
    if (responseModel) metadata.set(metadataKeys.responseModel, responseModel);
    if (isStreamed && this.#timeToFirstTokenMs !== undefined) {
      metadata.set(metadataKeys.timeToFirstToken, Math.trunc(this.#timeToFirstTokenMs));
      metadata.set(metadataKeys.interTokenLatency, this.#perOutputTokenMs() ?? 0);
    }
    return metadata;
  }

  /** Metadata of a failed answer, so that its access log line says whose failure it was (extproc.md X1). */
  failureMetadata(status: number): DynamicMetadata {
    const metadata = new Map<string, string | number>();
    this.#setIdentity(metadata);
    metadata.set(metadataKeys.responseStatusClass, `${Math.trunc(status / 100)}xx`);
    return metadata;
  }

  #setIdentity(metadata: Map<string, string | number>): void {
    metadata.set(metadataKeys.modelNameOverride, this.requestModel);
    metadata.set(metadataKeys.backendShortName, this.backend.shortName);
    if (this.routeName) metadata.set(metadataKeys.routeName, this.routeName);
  }

  #labels(): GenAiLabels {
    const responseModel = this.responseModel ?? (this.#isCompleted ? this.exchange?.fallbackModel : undefined);
    return {
      operation: this.request.operation,
      provider: providerName(this.backend.schema.name, this.backend.name),
      originalModel: this.request.originalModel ?? UNKNOWN_MODEL,
      requestModel: this.requestModel,
      responseModel: responseModel ?? UNKNOWN_MODEL,
      headers: mappedLabels(this.context.metricsHeaderAttributes, this.requestHeaders),
    };
  }

  #elapsedSeconds(): number {
    return (this.context.nowMs() - this.startedMs) / 1000;
  }

  /** Mean time between output tokens in ms; undefined without a second token. */
  #perOutputTokenMs(): number | undefined {
    const tokens = this.usage.outputTokens ?? 0;
    if (tokens <= 1 || this.#timeToFirstTokenMs === undefined) return undefined;
    return (this.context.nowMs() - this.startedMs - this.#timeToFirstTokenMs) / (tokens - 1);
  }
}
