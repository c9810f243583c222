import type { TextMapPropagator, Tracer } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
  type SpanLimits,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { OtlpProtocol, SamplerSettings, SpanLimitSettings, TracingSettings } from '../config/extproc-otel.js';
import { INSTRUMENTATION_SCOPE, serviceResource } from '../metrics/service-resource.js';
import { BoundedBatch } from './bounded-batch.js';
import { ConsoleSpanExporter } from './console-span-exporter.js';
import { buildPropagator } from './propagators.js';

/** Time for the last spans to leave. */
const SHUTDOWN_LIMIT_MS = 5_000;
/** Characters of one attribute unless a variable says otherwise; the SDK knows no bound. */
const ATTRIBUTE_VALUE_LENGTH_MAX = 4 << 20;

/** What makes spans and carries them away. */
export interface Tracing {
  readonly tracer: Tracer;
  readonly propagator: TextMapPropagator;
  /** Sends the spans that are waiting; gives up after 5 s. */
  readonly shutdown: () => Promise<void>;
}

/** Loads the SDK only when it is called: a processor without tracing carries none of it. */
export async function startTracing(
  settings: TracingSettings,
  { hasUnlimitedAttributes, warn }: { hasUnlimitedAttributes: boolean; warn: (reason: string) => void },
): Promise<Tracing> {
  const limits = spanLimits(settings.limits);
  const provider = new TracerProvider({
    resource: serviceResource(),
    sampler: samplerOf(settings.sampler),
    spanLimits: hasUnlimitedAttributes ? { ...limits, attributeCountLimit: Infinity } : limits,
    spanProcessors: [await processorOf(settings, warn)],
  });
  return {
    tracer: provider.getTracer(INSTRUMENTATION_SCOPE),
    propagator: await buildPropagator(settings.propagators),
    shutdown: async () => {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          warn(`the last spans did not leave within ${SHUTDOWN_LIMIT_MS} ms and are lost`);
          resolve();
        }, SHUTDOWN_LIMIT_MS);
      });
      await Promise.race([provider.shutdown().catch((error: unknown) => warn(String(error))), limit]);
      clearTimeout(timer);
    },
  };
}

async function processorOf(settings: TracingSettings, warn: (reason: string) => void): Promise<SpanProcessor> {
  if (settings.exporter.kind === 'console') {
    const exporter = new ConsoleSpanExporter((line) => process.stdout.write(line));
    return new SimpleSpanProcessor({ exporter });
  }
  const { delayMs, timeoutMs, queueMax, batchMax } = settings.batch;
  const options = {
    exporter: await otlpExporter(settings.exporter.protocol),
    scheduledDelayMillis: delayMs,
    exportTimeoutMillis: timeoutMs,
    maxQueueSize: queueMax,
    maxExportBatchSize: Math.min(batchMax, queueMax),
  };
  return new BoundedBatch(options, warn);
}

/** Endpoint, headers, timeout, compression and certificates are variables that the exporters read themselves. */
async function otlpExporter(protocol: OtlpProtocol): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    protocol === 'grpc'
      ? await import('@opentelemetry/exporter-trace-otlp-grpc')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter();
}

function samplerOf({ root, ratio, asksParent }: SamplerSettings): Sampler {
  const sampler = rootSampler(root, ratio);
  return asksParent ? new ParentBasedSampler({ root: sampler }) : sampler;
}

function rootSampler(root: SamplerSettings['root'], ratio: number): Sampler {
  switch (root) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
  }
}

/** The SDK takes undefined for its own default. */
const spanLimits = (limits: SpanLimitSettings): SpanLimits => ({
  attributeValueLengthLimit: limits.attributeValueLength ?? ATTRIBUTE_VALUE_LENGTH_MAX,
  ...(limits.attributeCount !== undefined && { attributeCountLimit: limits.attributeCount }),
  ...(limits.eventCount !== undefined && { eventCountLimit: limits.eventCount }),
  ...(limits.linkCount !== undefined && { linkCountLimit: limits.linkCount }),
  ...(limits.attributePerEventCount !== undefined && { attributePerEventCountLimit: limits.attributePerEventCount }),
  ...(limits.attributePerLinkCount !== undefined && { attributePerLinkCountLimit: limits.attributePerLinkCount }),
});
