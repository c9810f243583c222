import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { ProtobufReader, wireType } from '../../src/modules/extproc/wire/protobuf-reader.js';
import { eventually } from './eventually.js';

export type AttributeValue = string | number | boolean | readonly unknown[];
export type CollectedAttributes = Readonly<Record<string, AttributeValue>>;

/** A span as a collector gets it. @see opentelemetry.proto.trace.v1.Span */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: 'internal' | 'client' | 'other';
  readonly attributes: CollectedAttributes;
  readonly events: readonly { readonly name: string; readonly attributes: CollectedAttributes }[];
  readonly status: { readonly code: 'unset' | 'ok' | 'error'; readonly message: string };
  readonly scope: string;
  readonly resource: CollectedAttributes;
}

const KINDS: Readonly<Record<number, CollectedSpan['kind']>> = { 1: 'internal', 3: 'client' };
const STATUS_CODES = ['unset', 'ok', 'error'] as const;

/** An OpenTelemetry collector that speaks OTLP over HTTP with protobuf bodies and keeps what it got. */
export class OtlpCollector {
  readonly spans: CollectedSpan[] = [];
  /** Names of the metrics that came. */
  readonly metricNames = new Set<string>();
  readonly requestHeaders: IncomingMessage['headers'][] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<OtlpCollector> {
    const server = createServer((request, response) => {
      void buffer(request).then((body) => {
        collector.#take(request, body);
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      });
    });
    const collector = new OtlpCollector(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Waits for the only span of which the predicate holds. */
  async span(what: string, matches: (span: CollectedSpan) => boolean): Promise<CollectedSpan> {
    return await eventually(`the span of ${what}`, () => {
      const found = this.spans.filter(matches);
      if (found.length > 1) throw new Error(`expected 1 span of ${what}, found ${found.length}`);
      return found[0];
    });
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #take(request: IncomingMessage, body: Buffer): void {
    this.requestHeaders.push(request.headers);
    const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    if (request.url === '/v1/traces') this.spans.push(...readTraces(plain));
    if (request.url === '/v1/metrics') for (const name of readMetricNames(plain)) this.metricNames.add(name);
  }
}

type Fields = ReadonlyMap<number, readonly (Buffer | number)[]>;

/** All fields of a message by number: messages, texts and 64-bit numbers as bytes, others as numbers. */
function fieldsOf(bytes: Buffer): Fields {
  const fields = new Map<number, (Buffer | number)[]>();
  const reader = new ProtobufReader(bytes);
  while (reader.next()) {
    const values = fields.get(reader.field) ?? [];
    fields.set(reader.field, values);
    if (reader.type === wireType.bytes) values.push(reader.bytes());
    else if (reader.type === wireType.varint) values.push(reader.varint());
    else if (reader.type === wireType.fixed64) values.push(reader.double());
    else reader.skip();
  }
  return fields;
}

const messagesOf = (fields: Fields, field: number): readonly Buffer[] =>
  (fields.get(field) ?? []).filter((value) => Buffer.isBuffer(value));
const firstMessage = (fields: Fields, field: number) => fieldsOf(messagesOf(fields, field)[0] ?? Buffer.alloc(0));
const textOf = (fields: Fields, field: number) => (messagesOf(fields, field)[0] ?? '').toString();
const hexOf = (fields: Fields, field: number) => messagesOf(fields, field)[0]?.toString('hex') ?? '';
const numberOf = (fields: Fields, field: number) => Number(fields.get(field)?.[0] ?? 0);

function readTraces(body: Buffer): CollectedSpan[] {
  return messagesOf(fieldsOf(body), 1).flatMap((resourceSpans) => {
    const outer = fieldsOf(resourceSpans);
    const resource = attributesOf(firstMessage(outer, 1), 1);
    return messagesOf(outer, 2).flatMap((scopeSpans) => {
      const fields = fieldsOf(scopeSpans);
      const scope = textOf(firstMessage(fields, 1), 1);
      return messagesOf(fields, 2).map((span) => readSpan(fieldsOf(span), scope, resource));
    });
  });
}

function readSpan(fields: Fields, scope: string, resource: CollectedAttributes): CollectedSpan {
  const status = firstMessage(fields, 15);
  return {
    traceId: hexOf(fields, 1),
    spanId: hexOf(fields, 2),
    traceState: textOf(fields, 3),
    parentSpanId: hexOf(fields, 4),
    name: textOf(fields, 5),
    kind: KINDS[numberOf(fields, 6)] ?? 'other',
    attributes: attributesOf(fields, 9),
    events: messagesOf(fields, 11).map((bytes) => {
      const event = fieldsOf(bytes);
      return { name: textOf(event, 2), attributes: attributesOf(event, 3) };
    }),
    status: { code: STATUS_CODES[numberOf(status, 3)] ?? 'unset', message: textOf(status, 2) },
    scope,
    resource,
  };
}

const attributesOf = (fields: Fields, field: number): CollectedAttributes =>
  Object.fromEntries(
    messagesOf(fields, field).map((bytes) => {
      const pair = fieldsOf(bytes);
      return [textOf(pair, 1), valueOf(firstMessage(pair, 2))];
    }),
  );

/** opentelemetry.proto.common.v1.AnyValue */
function valueOf(fields: Fields): AttributeValue {
  if (fields.has(2)) return numberOf(fields, 2) === 1;
  if (fields.has(3)) return numberOf(fields, 3);
  if (fields.has(4)) return numberOf(fields, 4);
  if (fields.has(5)) return messagesOf(firstMessage(fields, 5), 1).map((value) => valueOf(fieldsOf(value)));
  return textOf(fields, 1);
}

function readMetricNames(body: Buffer): string[] {
  return messagesOf(fieldsOf(body), 1).flatMap((resourceMetrics) =>
    messagesOf(fieldsOf(resourceMetrics), 2).flatMap((scopeMetrics) =>
      messagesOf(fieldsOf(scopeMetrics), 2).map((metric) => textOf(fieldsOf(metric), 1)),
    ),
  );
}
