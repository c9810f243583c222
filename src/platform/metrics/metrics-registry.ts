import type { Meter } from '@opentelemetry/api';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { toPrometheusText } from './prometheus-text.js';

/** Instrumentation scope of all meters. @see spec observability.md section 2.1 */
const SCOPE = 'envoyproxy/ai-gateway';
/** `service.name` unless `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` give another. */
const SERVICE_NAME = 'ai-gateway';
/**
 * Out of reach on purpose: the SDK counts new series from one scrape to the next and keeps all former ones, so its limit
 * bounds no memory. Who records user-chosen labels must bound them itself.
 */
const SDK_SERIES_MAX = 1_000_000;

/** The metrics of the process, collected only when somebody asks for them. */
export class MetricsRegistry {
  readonly meter: Meter;
  readonly #reader = new ScrapeReader({ cardinalitySelector: () => SDK_SERIES_MAX });
  readonly #provider: MeterProvider;

  constructor() {
    const resource = defaultResource()
      .merge(resourceFromAttributes({ 'service.name': SERVICE_NAME }))
      .merge(detectResources({ detectors: [envDetector] }));
    this.#provider = new MeterProvider({ resource, readers: [this.#reader] });
    this.meter = this.#provider.getMeter(SCOPE);
  }

  /** Everything recorded so far, in Prometheus text format 0.0.4. */
  async text(): Promise<string> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw new AggregateError(errors, 'cannot collect metrics');
    return await toPrometheusText(resourceMetrics);
  }

  async close(): Promise<void> {
    await this.#provider.shutdown();
  }
}

/** Pulled only: nothing to flush and nothing to stop. */
class ScrapeReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
