import type { SpanContext } from '@opentelemetry/api';
import { SpanStatusCode } from '@opentelemetry/api';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { goAttributes, goScope, goTime } from './console-format.js';

/** One line of JSON per span. @see spec observability.md section 2.1, `OTEL_TRACES_EXPORTER` */
export class ConsoleSpanExporter implements SpanExporter {
  constructor(private readonly write: (line: string) => void) {}

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    for (const span of spans) this.write(`${JSON.stringify(spanLine(span))}\n`);
    done({ code: ExportResultCode.SUCCESS });
  }

  async shutdown(): Promise<void> {}
}

const STATUS_NAMES: Readonly<Record<SpanStatusCode, string>> = {
  [SpanStatusCode.UNSET]: 'Unset',
  [SpanStatusCode.OK]: 'Ok',
  [SpanStatusCode.ERROR]: 'Error',
};

const spanLine = (span: ReadableSpan) => ({
  Name: span.name,
  SpanContext: contextOf(span.spanContext()),
  Parent: contextOf(span.parentSpanContext),
  // Go counts its kinds from 1.
  SpanKind: span.kind + 1,
  StartTime: goTime(span.startTime),
  EndTime: goTime(span.endTime),
  Attributes: goAttributes(span.attributes),
  Events: span.events.map((event) => ({
    Name: event.name,
    Attributes: goAttributes(event.attributes ?? {}),
    DroppedAttributeCount: event.droppedAttributesCount ?? 0,
    Time: goTime(event.time),
  })),
  Links: null,
  Status: { Code: STATUS_NAMES[span.status.code], Description: span.status.message ?? '' },
  DroppedAttributes: span.droppedAttributesCount,
  DroppedEvents: span.droppedEventsCount,
  DroppedLinks: span.droppedLinksCount,
  ChildSpanCount: 0,
  Resource: goAttributes(span.resource.attributes),
  InstrumentationScope: goScope(span.instrumentationScope),
});

const contextOf = (context: SpanContext | undefined) => ({
  TraceID: context?.traceId ?? '0'.repeat(32),
  SpanID: context?.spanId ?? '0'.repeat(16),
  TraceFlags: (context?.traceFlags ?? 0).toString(16).padStart(2, '0'),
  TraceState: context?.traceState?.serialize() ?? '',
  Remote: context?.isRemote ?? false,
});
