import type { Counter, Gauge } from '@opentelemetry/api';
import type { MetricsRegistry } from '../../../platform/metrics/metrics-registry.js';

const PREFIX = 'aigateway_extproc_';
/** Clients choose the names of unknown fields. */
const FIELD_LABELS_MAX = 100;
const OTHER_FIELD = 'other';

/**
 * What the processor counts about itself, beyond the GenAI conventions. Label values are our own words, and a bounded number
 * of field names of clients.
 * Counters without labels appear with 0 from the start, so that an alert on their increase sees the first one.
 * @see spec extproc.md section 21: X8, X10, X30, X31, X33
 */
export class GatewayMetrics {
  readonly #rejectedRequests: Counter;
  readonly #lostSessions: Counter;
  readonly #cancelledRequests: Counter;
  readonly #retriedAttempts: Counter;
  readonly #costExpressionFailures: Counter;
  readonly #droppedFields: Counter;
  readonly #fieldLabels = new Set<string>();
  readonly #configLoads: Counter;
  readonly #configUpToDate: Gauge;
  readonly #configLoadedAt: Gauge;
  readonly #brokenBackends: Gauge;

  constructor({ meter }: MetricsRegistry) {
    const counter = (name: string, description: string) => meter.createCounter(`${PREFIX}${name}`, { description });
    const gauge = (name: string, description: string, unit = '') =>
      meter.createGauge(`${PREFIX}${name}`, { description, unit });
    this.#rejectedRequests = counter('rejected_requests', 'Requests answered before a backend was chosen.');
    this.#lostSessions = counter(
      'lost_sessions',
      'Upstream attempts whose client request is not known to this process.',
    );
    this.#cancelledRequests = counter('cancelled_requests', 'Requests that ended before their response did.');
    this.#retriedAttempts = counter(
      'retried_attempts',
      'Attempts whose answer was dropped in favour of another attempt.',
    );
    this.#costExpressionFailures = counter('cost_expression_failures', 'CEL cost expressions that gave no number.');
    this.#droppedFields = counter(
      'translation_dropped_fields',
      'Fields of clients that the schema of the backend cannot express, by endpoint, schema and top-level field.',
    );
    this.#configLoads = counter('config_loads', 'Attempts to load a changed filter config, by result.');
    this.#configUpToDate = gauge('config_up_to_date', '1 while the newest filter config is the one in use, else 0.');
    this.#configLoadedAt = gauge(
      'config_loaded_timestamp',
      'When the filter config in use was loaded; 0 if none is.',
      's',
    );
    this.#brokenBackends = gauge('broken_backends', 'Backends of the filter config in use that cannot be used.');
    for (const unlabelled of [
      this.#lostSessions,
      this.#cancelledRequests,
      this.#retriedAttempts,
      this.#costExpressionFailures,
    ])
      unlabelled.add(0);
    for (const result of ['success', 'failure']) this.#configLoads.add(0, { result });
    for (const state of [this.#configUpToDate, this.#configLoadedAt, this.#brokenBackends]) state.record(0);
  }

  /** A local reply of the router phase; `reason` is one of a fixed set of words. */
  requestRejected(status: number, reason: string): void {
    this.#rejectedRequests.add(1, { status, reason });
  }

  sessionLost(): void {
    this.#lostSessions.add(1);
  }

  /** An answer that Envoy dropped for another attempt. */
  attemptRetried(): void {
    this.#retriedAttempts.add(1);
  }

  requestCancelled(): void {
    this.#cancelledRequests.add(1);
  }

  costExpressionFailed(): void {
    this.#costExpressionFailures.add(1);
  }

  /** A field of a request that a backend does not get; labelled by its top-level name, of which there is a bounded number. */
  fieldDropped(endpoint: string, schema: string, path: string): void {
    const name = /^[\w-]{1,64}/.exec(path)?.[0] ?? OTHER_FIELD;
    if (this.#fieldLabels.size < FIELD_LABELS_MAX) this.#fieldLabels.add(name);
    const field = this.#fieldLabels.has(name) ? name : OTHER_FIELD;
    this.#droppedFields.add(1, { endpoint, schema, field });
  }

  /** A new filter config is in use. */
  configLoaded({ nowSeconds, brokenBackends }: { readonly nowSeconds: number; readonly brokenBackends: number }): void {
    this.#configLoads.add(1, { result: 'success' });
    this.#configUpToDate.record(1);
    this.#configLoadedAt.record(nowSeconds);
    this.#brokenBackends.record(brokenBackends);
  }

  /** A changed filter config could not be loaded; the former one, if any, stays in use. */
  configRejected(): void {
    this.#configLoads.add(1, { result: 'failure' });
    this.#configUpToDate.record(0);
  }
}
