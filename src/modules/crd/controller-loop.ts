import type { Logger } from 'pino';
import type { ObjectKey } from '../../shared/api/kube-object.js';
import type { ControlPlaneMetrics } from './control-plane-metrics.js';
import type { Change, Controller, Desired } from './controller.js';
import type { DesiredWriter } from './desired-writer.js';
import type { Origin, Store } from './store/store.js';
import type { Timing } from './timing.js';
import { WorkQueue } from './work-queue.js';

/** Roots whose writes are under way at once; a pass takes no more than are free. */
const ROOTS_IN_FLIGHT_MAX = 256;
/** A pass rests for so many times as long as it took: it gets a third of the processor at most. */
const REST_FACTOR = 2;
const RETRY = { firstMs: 100, maxMs: 60_000 };
/** What the API server refused changes when the world does, or when somebody mends an admission webhook. */
const REFUSED_RETRY_MS = 60_000;
/** A pass does not wait any longer for the contents of Secrets. */
const CONTENTS_LIMIT_MS = 2_000;
/** While nobody works, the queue is kept from growing with roots that are long gone. */
const IDLE_QUEUE_MAX = 10_000;

/**
 * Runs one controller: batches of due roots through `reconcile`, each result through the writer.
 *
 *     changes ─▶ triggers ─▶ queue ─▶ pass: reconcile(due roots) ─▶ write each, in parallel ─▶ done, requeue or retry
 *
 * Changes are shown from the beginning, so that a controller knows the world; passes run only after {@link start}: when
 * everything is synced and this process leads. A root is never in two passes at once; a pass does not wait for the writes of
 * the one before.
 */
export class ControllerLoop {
  readonly #controller: Controller;
  readonly #store: Store;
  readonly #writer: DesiredWriter;
  readonly #contents: () => Promise<void> | undefined;
  readonly #timing: Timing;
  readonly #metrics: ControlPlaneMetrics;
  readonly #logger: Logger;
  readonly #queue: WorkQueue;
  readonly #underWay = new Set<Promise<void>>();
  #isRunning = false;
  #isPassing = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;

  constructor(
    controller: Controller,
    parts: {
      readonly store: Store;
      readonly writer: DesiredWriter;
      /** Resolves when contents that are being fetched have come; undefined when none are. */
      readonly contents: () => Promise<void> | undefined;
      readonly timing: Timing;
      readonly metrics: ControlPlaneMetrics;
      readonly logger: Logger;
    },
  ) {
    this.#controller = controller;
    this.#store = parts.store;
    this.#writer = parts.writer;
    this.#contents = parts.contents;
    this.#timing = parts.timing;
    this.#metrics = parts.metrics;
    this.#logger = parts.logger.child({ controller: controller.name });
    this.#queue = new WorkQueue(controller.holdOff, RETRY);
    this.#metrics.observeQueue(controller.name, this.#queue);
    controller.onAttached?.((root) => this.#wake(root));
  }

  /** `origin`: whose write the change is, if it is one of ours. */
  show(change: Change, origin?: Origin): void {
    const nowMs = this.#timing.nowMs();
    try {
      for (const root of this.#controller.triggers(change, this.#store))
        if (origin?.controller !== this.#controller.name || origin.root !== root) this.#queue.trigger(root, nowMs);
    } catch (error) {
      this.#metrics.failed(this.#controller.name, 'triggers');
      this.#logger.error({ error }, 'cannot tell whom a change concerns');
    }
    if (this.#isRunning)
      this.#wakeAt(nowMs + Math.min(this.#controller.holdOff.quietMs, this.#controller.holdOff.maxMs));
    else if (this.#queue.depth > IDLE_QUEUE_MAX) this.#queue.prune((key) => this.#store.getByKey(key) !== undefined);
  }

  #wake(root: ObjectKey): void {
    const nowMs = this.#timing.nowMs();
    this.#queue.trigger(root, nowMs);
    if (this.#isRunning) this.#wakeAt(nowMs + this.#controller.holdOff.quietMs);
  }

  start(): void {
    this.#isRunning = true;
    this.#wakeForNext();
  }

  /** Ends after the writes that are under way. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await Promise.all(this.#underWay);
  }

  #wakeForNext(): void {
    const nextMs = this.#queue.nextDueMs();
    if (nextMs !== undefined) this.#wakeAt(nextMs);
  }

  #wakeAt(atMs: number): void {
    if (!this.#isRunning || this.#isPassing || (this.#timer && this.#timerAtMs <= atMs)) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    // Rounded up: a timer that fires too early finds nothing due. Longer ones are set again.
    const waitMs = Math.min(Math.max(0, Math.ceil(atMs - this.#timing.nowMs())), 2 ** 31 - 1);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#pass();
    }, waitMs);
  }

  /** Never rejects. */
  async #pass(): Promise<void> {
    this.#isPassing = true;
    await this.#settledContents();
    this.#isPassing = false;
    if (!this.#isRunning) return;
    const startMs = this.#timing.nowMs();
    const roots = this.#queue.take(startMs, ROOTS_IN_FLIGHT_MAX - this.#underWay.size);
    if (roots.length > 0) {
      const results = this.#reconcile(roots);
      const endMs = this.#timing.nowMs();
      this.#queue.restUntil(endMs + (endMs - startMs) * REST_FACTOR);
      this.#metrics.passed(this.#controller.name, roots.length, (endMs - startMs) / 1_000);
      const byRoot = new Map(results.map((desired) => [desired.root, desired]));
      for (const root of roots) this.#settle(root, byRoot.get(root));
    }
    // When all slots are taken, the next write that ends wakes the loop.
    if (this.#underWay.size < ROOTS_IN_FLIGHT_MAX) this.#wakeForNext();
  }

  async #settledContents(): Promise<void> {
    const contents = this.#contents();
    if (!contents) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CONTENTS_LIMIT_MS);
    });
    await Promise.race([contents, late]);
    clearTimeout(timer);
  }

  /** All at once, or one by one when that throws; whoever throws alone is missing in the result and retried. */
  #reconcile(roots: readonly ObjectKey[]): readonly Desired[] {
    const now = this.#timing.date();
    try {
      return this.#controller.reconcile(roots, this.#store, now);
    } catch (error) {
      if (roots.length === 1) return this.#failed(roots[0]!, error);
      return roots.flatMap((root) => {
        try {
          return this.#controller.reconcile([root], this.#store, now);
        } catch (cause) {
          return this.#failed(root, cause);
        }
      });
    }
  }

  readonly #thrown = new Set<ObjectKey>();

  #failed(root: ObjectKey, error: unknown): readonly Desired[] {
    this.#thrown.add(root);
    this.#metrics.failed(this.#controller.name, 'reconcile');
    this.#logger.error({ key: root, error }, 'cannot reconcile');
    return [];
  }

  #settle(root: ObjectKey, desired: Desired | undefined): void {
    if (this.#thrown.delete(root)) this.#queue.failed(root, this.#timing.nowMs(), this.#timing.random());
    else if (!desired) this.#queue.succeeded(root);
    else {
      const writing = this.#write(root, desired).finally(() => {
        this.#underWay.delete(writing);
        this.#wakeForNext();
      });
      this.#underWay.add(writing);
    }
  }

  async #write(root: ObjectKey, desired: Desired): Promise<void> {
    const { name } = this.#controller;
    const result = await this.#writer.write(desired, { controller: name, root }, this.#queue.failuresOf(root));
    const nowMs = this.#timing.nowMs();
    if (result.sort === 'done') {
      this.#queue.succeeded(root);
      if (desired.requeueAfterMs !== undefined) this.#queue.requeue(root, nowMs + desired.requeueAfterMs);
    } else if (result.sort === 'refused') {
      this.#queue.failed(root, nowMs, this.#timing.random(), result.lacksRights ? undefined : REFUSED_RETRY_MS);
      this.#metrics.failed(name, 'refused');
      this.#logger.error({ key: root, reason: result.reason }, 'a write was refused');
    } else {
      this.#queue.failed(root, nowMs, this.#timing.random(), result.retryAfterMs);
      this.#metrics.failed(name, 'write');
      this.#logger.warn({ key: root, reason: result.error.message }, 'cannot write, trying again');
    }
  }
}
