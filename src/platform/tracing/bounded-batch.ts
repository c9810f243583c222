import type { Context } from '@opentelemetry/api';
import type { ExportResult } from '@opentelemetry/core';
import {
  BatchSpanProcessor,
  type BatchSpanProcessorOptions,
  type ReadableSpan,
  type Span,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';

/** Text of finished spans that wait for their export. The SDK bounds their number only, and one may hold a whole conversation. */
const PENDING_CHARACTERS_MAX = 32 << 20;
/** What a span takes besides the text of its attributes and events. */
const SPAN_OVERHEAD_CHARACTERS = 1024;

/** Default of the SDK. */
const QUEUE_MAX = 2048;

/**
 * The SDK's batch processor with a bound on what all waiting spans hold together. Spans beyond it, or beyond the queue, are
 * dropped and told. Those under way count until the collector has answered.
 */
export class BoundedBatch implements SpanProcessor {
  readonly #weights = new WeakMap<ReadableSpan, number>();
  readonly #batch: SpanProcessor;
  #pending = 0;
  #pendingSpans = 0;
  readonly #queueMax: number;

  constructor(
    options: BatchSpanProcessorOptions,
    private readonly onDropped: (reason: string) => void,
    private readonly charactersMax = PENDING_CHARACTERS_MAX,
  ) {
    const { exporter } = options;
    this.#queueMax = options.maxQueueSize ?? QUEUE_MAX;
    const weighed: SpanExporter = {
      export: (spans, done) => this.#export(exporter, spans, done),
      shutdown: () => exporter.shutdown(),
      ...(exporter.forceFlush && { forceFlush: () => exporter.forceFlush!() }),
    };
    this.#batch = new BatchSpanProcessor({ ...options, exporter: weighed });
  }

  onStart(span: Span, parent: Context): void {
    this.#batch.onStart(span, parent);
  }

  onEnd(span: ReadableSpan): void {
    const weight = weightOf(span);
    if (this.#pending + weight > this.charactersMax) {
      this.onDropped(`spans are dropped: those that wait for their export hold ${this.charactersMax} characters`);
      return;
    }
    if (this.#pendingSpans >= this.#queueMax) {
      this.onDropped(`spans are dropped: ${this.#queueMax} wait for their export`);
      return;
    }
    this.#pending += weight;
    this.#pendingSpans++;
    this.#weights.set(span, weight);
    this.#batch.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batch.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batch.shutdown();
  }

  #export(exporter: SpanExporter, spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    exporter.export(spans, (result) => {
      for (const span of spans) this.#pending -= this.#weights.get(span) ?? 0;
      this.#pendingSpans -= spans.length;
      done(result);
    });
  }
}

function weightOf(span: ReadableSpan): number {
  let characters = SPAN_OVERHEAD_CHARACTERS;
  for (const attributes of [span.attributes, ...span.events.map((event) => event.attributes ?? {})]) {
    for (const value of Object.values(attributes)) {
      if (typeof value === 'string') characters += value.length;
      else if (Array.isArray(value)) characters += value.length * ARRAY_ITEM_CHARACTERS;
    }
  }
  return characters;
}

/** A number of an embedding, as it is sent. */
const ARRAY_ITEM_CHARACTERS = 8;
