import type { Counter, Gauge, Histogram, ObservableGauge } from '@opentelemetry/api';
import type { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import type { WorkQueue } from './work-queue.js';

const PREFIX = 'aigateway_controller_';
/** A pass over a few roots takes a millisecond, one over a large world a second. */
const PASS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Where a controller failed. `refused`: the API server said that it never will take it. */
export type FailureStage = 'triggers' | 'reconcile' | 'write' | 'refused';

/** What the control plane counts about itself. Labels are names of controllers and kinds: a fixed set. */
export class ControlPlaneMetrics {
  readonly #passes: Histogram;
  readonly #roots: Counter;
  readonly #failures: Counter;
  readonly #restarts: Counter;
  readonly #isLeader: Gauge;
  readonly #isSynced: Gauge;
  readonly #queueDepth: ObservableGauge;
  readonly #failingRoots: ObservableGauge;

  constructor({ meter }: MetricsRegistry) {
    this.#passes = meter.createHistogram(`${PREFIX}pass_duration`, {
      description: 'Time in which one batch of roots was reconciled, without its writes.',
      unit: 's',
      advice: { explicitBucketBoundaries: PASS_SECONDS },
    });
    const counter = (name: string, description: string) => meter.createCounter(`${PREFIX}${name}`, { description });
    this.#roots = counter('reconciled_roots', 'Roots that were reconciled, by controller.');
    this.#failures = counter('failures', 'Failures, each of which is tried again, by controller and stage.');
    this.#restarts = counter('watch_restarts', 'Lists and watches that broke and were started again, by kind.');
    this.#isLeader = meter.createGauge(`${PREFIX}leader`, { description: '1 while this process leads, else 0.' });
    this.#isSynced = meter.createGauge(`${PREFIX}synced`, {
      description: '1 once everything that is watched was listed, else 0.',
    });
    this.#queueDepth = meter.createObservableGauge(`${PREFIX}queue_depth`, {
      description: 'Roots that wait to be reconciled, by controller.',
    });
    this.#failingRoots = meter.createObservableGauge(`${PREFIX}failing_roots`, {
      description: 'Roots that failed and have not succeeded since, by controller.',
    });
    this.leads(false);
    this.synced(false);
  }

  observeQueue(controller: string, queue: WorkQueue): void {
    this.#queueDepth.addCallback((result) => result.observe(queue.depth, { controller }));
    this.#failingRoots.addCallback((result) => result.observe(queue.failing, { controller }));
  }

  passed(controller: string, roots: number, seconds: number): void {
    this.#passes.record(seconds, { controller });
    this.#roots.add(roots, { controller });
  }

  failed(controller: string, stage: FailureStage): void {
    this.#failures.add(1, { controller, stage });
  }

  watchRestarted(kind: string): void {
    this.#restarts.add(1, { kind });
  }

  leads(isLeader: boolean): void {
    this.#isLeader.record(isLeader ? 1 : 0);
  }

  synced(isSynced: boolean): void {
    this.#isSynced.record(isSynced ? 1 : 0);
  }
}
