import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import {
  AggregationTemporality,
  DataPointType,
  InstrumentType,
  PeriodicExportingMetricReader,
  type DataPoint,
  type Histogram,
  type IMetricReader,
  type MetricData,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { MetricsExportSettings, OtlpProtocol } from '../config/extproc-otel.js';
import { goAttributes, goScope, goTime } from '../tracing/console-format.js';
import { SDK_SERIES_MAX } from './metrics-registry.js';

/** Sends all metrics at an interval, beside the Prometheus page. @see spec observability.md section 2.1 */
export async function pushReader(settings: MetricsExportSettings): Promise<IMetricReader> {
  const { exporter } = settings;
  return new PeriodicExportingMetricReader({
    exporter:
      exporter.kind === 'otlp'
        ? await otlpExporter(exporter.protocol)
        : new ConsoleMetricExporter(exporter.temporality, (line) => process.stdout.write(line)),
    exportIntervalMillis: settings.intervalMs,
    exportTimeoutMillis: settings.timeoutMs,
    cardinalityLimits: { default: SDK_SERIES_MAX },
  });
}

async function otlpExporter(protocol: OtlpProtocol): Promise<PushMetricExporter> {
  const { OTLPMetricExporter } =
    protocol === 'grpc'
      ? await import('@opentelemetry/exporter-metrics-otlp-grpc')
      : await import('@opentelemetry/exporter-metrics-otlp-proto');
  return new OTLPMetricExporter();
}

/** One line of JSON per collection; none while nothing was recorded. */
export class ConsoleMetricExporter implements PushMetricExporter {
  constructor(
    private readonly temporality: 'cumulative' | 'delta',
    private readonly write: (line: string) => void,
  ) {}

  export({ resource, scopeMetrics }: ResourceMetrics, done: (result: ExportResult) => void): void {
    const scopes = scopeMetrics.flatMap(({ scope, metrics }) => {
      const lines = metrics.filter(({ dataPoints }) => dataPoints.length > 0).map(metricLine);
      return lines.length === 0 ? [] : [{ Scope: goScope(scope), Metrics: lines }];
    });
    if (scopes.length > 0) {
      this.write(`${JSON.stringify({ Resource: goAttributes(resource.attributes), ScopeMetrics: scopes })}\n`);
    }
    done({ code: ExportResultCode.SUCCESS });
  }

  selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    const isUpDown = type === InstrumentType.UP_DOWN_COUNTER || type === InstrumentType.OBSERVABLE_UP_DOWN_COUNTER;
    return this.temporality === 'delta' && !isUpDown ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

function metricLine(metric: MetricData) {
  const { name, description, unit } = metric.descriptor;
  const isDelta = metric.aggregationTemporality === AggregationTemporality.DELTA;
  return {
    Name: name,
    Description: description,
    Unit: unit,
    Data: {
      DataPoints: dataPoints(metric),
      Temporality: isDelta ? 'DeltaTemporality' : 'CumulativeTemporality',
      ...(metric.dataPointType === DataPointType.SUM && { IsMonotonic: metric.isMonotonic }),
    },
  };
}

function dataPoints(metric: MetricData): readonly object[] {
  if (metric.dataPointType === DataPointType.HISTOGRAM) {
    return metric.dataPoints.map((point: DataPoint<Histogram>) => ({
      ...pointHead(point),
      Count: point.value.count,
      Bounds: point.value.buckets.boundaries,
      BucketCounts: point.value.buckets.counts,
      Min: point.value.min,
      Max: point.value.max,
      Sum: point.value.sum,
    }));
  }
  return (metric.dataPoints as readonly DataPoint<unknown>[]).map((point) => ({
    ...pointHead(point),
    Value: point.value,
  }));
}

const pointHead = (point: DataPoint<unknown>) => ({
  Attributes: goAttributes(point.attributes),
  StartTime: goTime(point.startTime),
  Time: goTime(point.endTime),
});
