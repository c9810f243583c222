import { describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import {
  SimpleSpanProcessor,
  TracerProvider,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { BoundedBatch } from './bounded-batch.js';
import { ConsoleSpanExporter } from './console-span-exporter.js';
import { buildPropagator } from './propagators.js';
import { RepeatFilter } from './telemetry-diagnostics.js';

const tracerOf = (processor: SpanProcessor) => new TracerProvider({ spanProcessors: [processor] }).getTracer('scope');

/** A collector that answers when it is told to. */
class HeldExporter implements SpanExporter {
  readonly batches: { readonly names: string[]; readonly done: (result: ExportResult) => void }[] = [];

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.batches.push({ names: spans.map((span) => span.name), done });
  }

  async shutdown(): Promise<void> {}
}

describe('BoundedBatch', () => {
  const OPTIONS = { scheduledDelayMillis: 60_000, maxExportBatchSize: 2 };

  function world({ charactersMax, maxQueueSize = 100 }: { charactersMax?: number; maxQueueSize?: number }) {
    const exporter = new HeldExporter();
    const drops: string[] = [];
    const batch = new BoundedBatch(
      { ...OPTIONS, maxQueueSize, exporter },
      (why) => void drops.push(why),
      charactersMax,
    );
    const tracer = tracerOf(batch);
    const span = (name: string, text = '') => tracer.startSpan(name, { attributes: { text } }).end();
    return { exporter, drops, span };
  }

  it('drops spans beyond the text that may wait, and takes new ones once the collector has answered', async () => {
    const { exporter, drops, span } = world({ charactersMax: 10_000 });
    span('a', 'x'.repeat(4000));
    span('b');
    span('too much', 'x'.repeat(6000));
    expect(drops).toEqual(['spans are dropped: those that wait for their export hold 10000 characters']);
    expect(exporter.batches.map(({ names }) => names)).toEqual([['a', 'b']]);
    exporter.batches[0]!.done({ code: ExportResultCode.FAILED });
    span('c', 'x'.repeat(6000));
    expect(drops).toHaveLength(1);
  });

  it('drops spans beyond the number that may wait, those under way included', () => {
    const { exporter, drops, span } = world({ maxQueueSize: 2 });
    for (const name of ['a', 'b', 'c']) span(name);
    expect(drops).toEqual(['spans are dropped: 2 wait for their export']);
    exporter.batches[0]!.done({ code: ExportResultCode.SUCCESS });
    span('d');
    expect(drops).toHaveLength(1);
  });
});

describe('ConsoleSpanExporter', () => {
  it('writes a line per span, as the stdout exporter of Go does', () => {
    const lines: string[] = [];
    const tracer = tracerOf(
      new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter((line) => void lines.push(line)) }),
    );
    const span = tracer.startSpan('s', {
      kind: SpanKind.CLIENT,
      startTime: [1_700_000_000, 5],
      attributes: { text: 'x', int: 1, double: 0.5, flag: true, list: ['a'], numbers: [1] },
    });
    span.addEvent('e', { a: 'b' }, [1_700_000_001, 0]);
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'why' });
    span.end([1_700_000_002, 0]);
    expect(lines).toHaveLength(1);
    expect(lines[0]!.endsWith('\n')).toBe(true);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      Name: 's',
      SpanContext: { TraceID: span.spanContext().traceId, SpanID: span.spanContext().spanId, TraceFlags: '01' },
      Parent: { TraceID: '0'.repeat(32), SpanID: '0'.repeat(16) },
      SpanKind: 3,
      StartTime: '2023-11-14T22:13:20.000000005Z',
      EndTime: '2023-11-14T22:13:22.000000000Z',
      Attributes: [
        { Key: 'text', Value: { Type: 'STRING', Value: 'x' } },
        { Key: 'int', Value: { Type: 'INT64', Value: 1 } },
        { Key: 'double', Value: { Type: 'FLOAT64', Value: 0.5 } },
        { Key: 'flag', Value: { Type: 'BOOL', Value: true } },
        { Key: 'list', Value: { Type: 'STRINGSLICE', Value: ['a'] } },
        { Key: 'numbers', Value: { Type: 'INT64SLICE', Value: [1] } },
      ],
      Events: [{ Name: 'e', Attributes: [{ Key: 'a', Value: { Type: 'STRING', Value: 'b' } }] }],
      Status: { Code: 'Error', Description: 'why' },
      InstrumentationScope: { Name: 'scope' },
    });
  });
});

describe('buildPropagator', () => {
  const context = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: '1'.repeat(32),
    spanId: '2'.repeat(16),
    traceFlags: 1,
  });

  it.each([
    [['tracecontext', 'baggage'], ['traceparent']],
    [['b3'], ['b3']],
    [['b3multi'], ['x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled']],
    [[], []],
  ] as const)('writes the headers of %j', async (names, expected) => {
    const written: string[] = [];
    const propagator = await buildPropagator(names);
    propagator.inject(context, written, { set: (headers, name) => void headers.push(name) });
    expect(written).toEqual(expected);
  });
});

describe('RepeatFilter', () => {
  it('passes a text once a minute', () => {
    let nowMs = 0;
    const told: string[] = [];
    const { pass } = new RepeatFilter(
      () => nowMs,
      (text) => void told.push(text),
    );
    for (const text of ['a', 'a', 'b']) pass(text);
    nowMs = 59_999;
    pass('a');
    nowMs = 60_000;
    pass('a');
    expect(told).toEqual(['a', 'b', 'a']);
  });

  it('forgets which texts there were before it holds too many', () => {
    const told: string[] = [];
    const { pass } = new RepeatFilter(
      () => 0,
      (text) => void told.push(text),
    );
    for (let i = 0; i < 101; i++) pass(String(i));
    pass('0');
    expect(told).toHaveLength(102);
  });
});
