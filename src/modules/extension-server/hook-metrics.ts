import type { Counter, Gauge, Histogram, Meter } from '@opentelemetry/api';

const PREFIX = 'aigateway_extension_server_';
const SIZE_BOUNDARIES_BYTES = [10_000, 100_000, 1_000_000, 4_194_304, 16_777_216, 67_108_864, 268_435_456];
const DURATION_BOUNDARIES_S = [0.001, 0.005, 0.025, 0.1, 0.5, 2, 10];

/** What the extension server counts. Labels are our own words: names of hooks, gRPC codes, reasons of faults. */
export class HookMetrics {
  readonly #sizes: Histogram;
  readonly #durations: Histogram;
  readonly #faults: Counter;
  readonly #unread: Counter;
  readonly #limit: Gauge;

  constructor(meter: Meter, maxMessageBytes: number) {
    this.#sizes = meter.createHistogram(`${PREFIX}request_size`, {
      description: 'Size of the requests of Envoy Gateway, by hook.',
      unit: 'By',
      advice: { explicitBucketBoundaries: SIZE_BOUNDARIES_BYTES },
    });
    this.#durations = meter.createHistogram(`${PREFIX}call_duration`, {
      description: 'Time to answer Envoy Gateway, by hook and gRPC status.',
      unit: 's',
      advice: { explicitBucketBoundaries: DURATION_BOUNDARIES_S },
    });
    this.#faults = meter.createCounter(`${PREFIX}faults`, {
      description: 'Places that could not be edited as wanted, by reason; counted each time Envoy Gateway translates.',
    });
    this.#unread = meter.createCounter(`${PREFIX}unread_requests`, {
      description: 'Requests that ended before they were whole, most likely above the limit, by hook.',
    });
    this.#limit = meter.createGauge(`${PREFIX}request_size_limit`, {
      description: 'Largest request that is accepted.',
      unit: 'By',
    });
    this.#limit.record(maxMessageBytes);
  }

  called(hook: string, status: string, sizeBytes: number, durationMs: number): void {
    this.#sizes.record(sizeBytes, { hook });
    this.#durations.record(durationMs / 1000, { hook, status });
  }

  /** A request that ended before it was whole, most likely one above the limit. */
  unread(hook: string): void {
    this.#unread.add(1, { hook });
  }

  fault(reason: string): void {
    this.#faults.add(1, { reason });
  }
}
