import type { Meter } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InstrumentType,
  MeterProvider,
  MetricReader,
  type IMetricReader,
} from '@opentelemetry/sdk-metrics';
import { toPrometheusText } from './prometheus-text.js';
import { INSTRUMENTATION_SCOPE, serviceResource } from './service-resource.js';

/**
 * Out of reach on purpose: the SDK counts new series from one scrape to the next and keeps all former ones, so its limit
 * bounds no memory. Who records user-chosen labels must bound them itself.
 */
export const SDK_SERIES_MAX = 1_000_000;

/** The metrics of the process, collected only when somebody asks for them. */
export class MetricsRegistry {
  readonly meter: Meter;
  readonly #reader = new ScrapeReader({
    cardinalitySelector: () => SDK_SERIES_MAX,
    // Gauges that are read at the scrape show what was observed in it: what is gone is shown no more.
    aggregationTemporalitySelector: (type) =>
      type === InstrumentType.OBSERVABLE_GAUGE ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
  });
  readonly #provider: MeterProvider;

  /** @param pushReader Sends the metrics somewhere else too. */
  constructor(pushReader?: IMetricReader) {
    const readers = pushReader === undefined ? [this.#reader] : [this.#reader, pushReader];
    this.#provider = new MeterProvider({ resource: serviceResource(), readers });
    this.meter = this.#provider.getMeter(INSTRUMENTATION_SCOPE);
  }

  /** Everything recorded so far, in Prometheus text format 0.0.4. */
  async text(): Promise<string> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw new AggregateError(errors, 'cannot collect metrics');
    return await toPrometheusText(resourceMetrics);
  }

  /** Sends what was recorded last, where metrics are sent at all. */
  async close(): Promise<void> {
    await this.#provider.shutdown();
  }
}

/** Pulled only: nothing to flush and nothing to stop. */
class ScrapeReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
