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
import type { Exchange, PassingExchange, ResponseFacts } from '../translators/translator.js';
import type { HeaderFields, HeaderLookup } from '../wire/header-fields.js';
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
  /** Without what attempts add, the credentials of backends among it. */
  readonly clientHeaders: HeaderFields;
}

/** `error.type` of the duration metric; `_OTHER` is the reference's only value. */
type FailureType = '_OTHER' | 'cancelled';

/** What is timed of a good answer: streams with status 200 both, with another 2xx the first token (observability.md 3.5). */
export type Timing = 'none' | 'first-token' | 'each-token';

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
  exchange: Exchange | PassingExchange | undefined;
  /** True once we answered the client ourselves: the reply passes the response phase and must not be touched there. */
  isAnsweredLocally = false;
  /** What translation dropped, when the client asked to be told. */
  receipt: string | undefined;
  usage: TokenUsage = {};
  responseModel: string | undefined;
  #bodyMessages = 0;
  #timeToFirstTokenMs: number | undefined;
  #isFirstTokenRecorded = false;
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

  /** Marks the arrival of a message with body bytes of a streamed answer. */
  noteBody(): void {
    this.#bodyMessages++;
    this.#timeToFirstTokenMs ??= this.context.nowMs() - this.startedMs;
  }

  /** The first message has come, and nothing was recorded of it yet. */
  get isFirstTokenPending(): boolean {
    return this.#timeToFirstTokenMs !== undefined && !this.#isFirstTokenRecorded;
  }

  /** Once the first message was read, so that the model it names is known (observability.md 3.5). */
  recordFirstToken(): void {
    if (this.#timeToFirstTokenMs === undefined || this.#isFirstTokenRecorded) return;
    this.#isFirstTokenRecorded = true;
    this.context.genAiMetrics.recordTimeToFirstToken(this.#labels(this.responseModel), this.#timeToFirstTokenMs / 1000);
  }

  /** Records the end of a good answer. */
  succeed(timing: Timing): void {
    if (this.#isCompleted) return;
    this.#isCompleted = true;
    const labels = this.#labels(this.responseModel ?? this.exchange?.fallbackModel);
    this.context.genAiMetrics.recordTokenUsage(labels, this.usage);
    const perTokenMs = this.#perOutputTokenMs(timing);
    if (perTokenMs !== undefined) this.context.genAiMetrics.recordTimePerOutputToken(labels, perTokenMs / 1000);
    this.context.genAiMetrics.recordRequestDuration(labels, this.#elapsedSeconds());
  }

  fail(type: FailureType): void {
    if (this.#isCompleted) return;
    this.#isCompleted = true;
    // Only a good body names a model, observability.md 3.2.
    const labels = this.#labels(this.responseModel);
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
  responseMetadata(timing: Timing): DynamicMetadata {
    if (this.exchange?.kind === 'passing') return this.#passedMetadata();
    const metadata = new Map<string, string | number>();
    const { values, failures } = evaluateCosts(this.request.costs, {
      usage: this.usage,
      model: this.requestModel,
      backend: this.backend.name,
      backendShortName: this.backend.shortName,
      backendNamespace: this.backend.namespace,
      routeName: this.routeName,
      schema: this.backend.schema.name,
      responseModel: this.responseModel ?? '',
      requestHeaders: this.request.clientHeaders,
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
    if (timing !== 'none' && this.#timeToFirstTokenMs !== undefined) {
      metadata.set(metadataKeys.timeToFirstToken, Math.trunc(this.#timeToFirstTokenMs));
      metadata.set(metadataKeys.interTokenLatency, this.#perOutputTokenMs(timing) ?? 0);
    }
    return metadata;
  }

  /** Metadata of a good answer that nobody read: no costs, since its usage is unknown, or was charged before. */
  #passedMetadata(): DynamicMetadata {
    const metadata = new Map<string, string | number>();
    this.#setIdentity(metadata);
    return metadata;
  }

  /** Metadata of a failed answer, so that its access log line says whose failure it was (extproc.md X1); no class without a valid status. */
  failureMetadata(status: number | undefined): DynamicMetadata {
    const metadata = new Map<string, string | number>();
    this.#setIdentity(metadata);
    metadata.set(metadataKeys.errorType, '_OTHER' satisfies FailureType);
    if (status !== undefined) metadata.set(metadataKeys.responseStatusClass, `${Math.trunc(status / 100)}xx`);
    return metadata;
  }

  /** Metadata of an answer with a good status that carried an error event: charged, and told to have failed. */
  failedStreamMetadata(timing: Timing): DynamicMetadata {
    return new Map([...this.responseMetadata(timing), [metadataKeys.errorType, '_OTHER' satisfies FailureType]]);
  }

  #setIdentity(metadata: Map<string, string | number>): void {
    metadata.set(metadataKeys.modelNameOverride, this.requestModel);
    metadata.set(metadataKeys.backendShortName, this.backend.shortName);
    if (this.routeName) metadata.set(metadataKeys.routeName, this.routeName);
  }

  #labels(responseModel: string | undefined): GenAiLabels {
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

  /** Mean time between output tokens in ms; undefined without a second token or when all came in one message. */
  #perOutputTokenMs(timing: Timing): number | undefined {
    if (timing !== 'each-token') return undefined;
    const tokens = this.usage.outputTokens ?? 0;
    if (tokens <= 1 || this.#bodyMessages < 2 || this.#timeToFirstTokenMs === undefined) return undefined;
    return (this.context.nowMs() - this.startedMs - this.#timeToFirstTokenMs) / (tokens - 1);
  }
}
