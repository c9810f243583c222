import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type Sampler } from '@opentelemetry/sdk-trace';
import { SpanKind } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { pino } from 'pino';
import { RequestTracer } from '../../src/modules/extproc/tracing/request-tracer.js';
import type { SpanConvention, TracedAnswer } from '../../src/modules/extproc/tracing/span-convention.js';
import type { FilterConfig } from '../../src/shared/filter-config/filter-config.js';
import { ExtprocWorld, buildBackend } from './extproc-world.js';
import { recordLine } from './recording.js';

const textOf = (answer: TracedAnswer) => (answer.kind === 'binary' ? `${answer.sizeBytes} bytes` : answer.text);

/** A convention that shows what it is told. */
export const PLAIN_CONVENTION: SpanConvention = {
  hasUnlimitedAttributes: false,
  start: (request) => ({
    name: `plain ${request.endpoint}`,
    kind: SpanKind.SERVER,
    attributes: {
      model: request.model,
      body: Buffer.from(request.body).toString(),
      ...(request.form === undefined && { document: JSON.stringify(request.document()) }),
    },
  }),
  backend: (provider) => ({ provider }),
  answer: (_, answer) => ({ answer: textOf(answer) }),
  failure: ({ status, body, reason }) => ({
    attributes: { failure: `${status} ${reason}` },
    events: [{ name: 'failed', attributes: { body } }],
    description: body,
  }),
  firstChunkEvent: () => ({ name: 'first' }),
  completedEvent: () => ({ name: 'completed' }),
};

/** A processor without sockets that traces into memory. */
export class TracedWorld extends ExtprocWorld {
  readonly #exporter: InMemorySpanExporter;
  readonly tracingLogs: Record<string, unknown>[];

  constructor({
    config = {},
    convention = PLAIN_CONVENTION,
    sampler,
    headerAttributes = new Map(),
  }: {
    config?: Partial<FilterConfig>;
    convention?: SpanConvention;
    sampler?: Sampler;
    headerAttributes?: ReadonlyMap<string, string>;
  } = {}) {
    const exporter = new InMemorySpanExporter();
    const logs: Record<string, unknown>[] = [];
    const provider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
      ...(sampler && { sampler }),
    });
    const tracer = new RequestTracer({
      tracer: provider.getTracer('test'),
      propagator: new CompositePropagator({
        propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
      }),
      convention,
      headerAttributes,
      logger: pino(
        { base: null },
        {
          write: (line) => {
            recordLine(line);
            logs.push(JSON.parse(line) as never);
          },
        },
      ),
    });
    super({ backends: [buildBackend('a'), buildBackend('b')], ...config }, { tracer });
    this.#exporter = exporter;
    this.tracingLogs = logs;
  }

  /** The only span that has ended; undefined while it has not. */
  get span() {
    const spans = this.#exporter.getFinishedSpans();
    if (spans.length > 1) throw new Error(`expected one span, found ${spans.length}`);
    const [span] = spans;
    return (
      span && {
        name: span.name,
        kind: span.kind,
        attributes: span.attributes,
        events: span.events.map(({ name, attributes }) => ({ name, attributes })),
        status: span.status,
        parentSpanId: span.parentSpanContext?.spanId,
        spanId: span.spanContext().spanId,
        traceId: span.spanContext().traceId,
      }
    );
  }
}
