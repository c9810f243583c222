import type { ObjectKey } from '../../shared/api/kube-object.js';
import { retryDelayMs, type RetryLimits } from './retry-delay.js';

export interface HoldOff {
  readonly quietMs: number;
  readonly maxMs: number;
  /** What the maximum grows to while a burst goes on; absent: it does not grow. */
  readonly burstMaxMs?: number;
}

interface Trigger {
  readonly firstMs: number;
  lastMs: number;
  /** How long nothing must happen. */
  readonly quietMs: number;
  readonly maxMs: number;
}

/** A root that was handed out a moment ago, and how long it will be held off when its burst goes on. */
interface Recent {
  readonly takenMs: number;
  readonly quietMs: number;
  readonly maxMs: number;
}

/** A trigger within this part of the maximum after the root was handed out goes on with the burst before it. */
const BURST_SHARE = 0.25;
/** Beyond it, those that are no longer recent are looked for. */
const RECENT_MAX = 1_000;

/**
 * Which roots to reconcile, and when. Each root is in here once, however often it is triggered, and is never handed out
 * while it is being worked on.
 *
 *     trigger ─▶ held off until quiet, or for the maximum ─▶ due ─▶ take ─▶ working ─▶ done
 *     requeue ─▶ at its time ────────────────────────────────▲                 │ triggered meanwhile: held off again
 *     failure ─▶ after its back-off ─────────────────────────┘ ◀───────────────┘
 *
 * Changes that come one after the other for long double the quiet time of their root again and again, up to the maximum:
 * the first of them is answered at once, the burst as a whole costs a pass for each maximum. The maximum of a root that was
 * never quiet doubles too, up to its own bound; the quiet time stays as it is, so that the end of the burst is answered as soon.
 *
 * Pure but for its own state: every call is given the time.
 */
export class WorkQueue {
  readonly #holdOff: HoldOff;
  readonly #retry: RetryLimits;
  readonly #triggered = new Map<ObjectKey, Trigger>();
  /** When to look again without a trigger: requeues and back-offs; the earliest counts. */
  readonly #scheduled = new Map<ObjectKey, number>();
  readonly #working = new Set<ObjectKey>();
  readonly #failures = new Map<ObjectKey, number>();
  readonly #recent = new Map<ObjectKey, Recent>();
  #notBeforeMs = 0;

  constructor(holdOff: HoldOff, retry: RetryLimits) {
    this.#holdOff = holdOff;
    this.#retry = retry;
  }

  /** Roots that wait, working ones left out. */
  get depth(): number {
    return this.#triggered.size + this.#scheduled.size;
  }

  /** Roots that failed and have not succeeded since. */
  get failing(): number {
    return this.#failures.size;
  }

  /** How often in a row a root has failed. */
  failuresOf(key: ObjectKey): number {
    return this.#failures.get(key) ?? 0;
  }

  trigger(key: ObjectKey, nowMs: number): void {
    const trigger = this.#triggered.get(key);
    if (trigger) trigger.lastMs = nowMs;
    else this.#triggered.set(key, { firstMs: nowMs, lastMs: nowMs, ...this.#heldOff(key, nowMs) });
  }

  requeue(key: ObjectKey, atMs: number): void {
    const scheduledMs = this.#scheduled.get(key);
    if (scheduledMs === undefined || atMs < scheduledMs) this.#scheduled.set(key, atMs);
  }

  /** Nothing is due before this time: the share of the processor that passes may take. */
  restUntil(ms: number): void {
    this.#notBeforeMs = ms;
  }

  /** Up to `countMax` due roots, which are being worked on from now on; whoever waits longest first. */
  take(nowMs: number, countMax: number): readonly ObjectKey[] {
    if (nowMs < this.#notBeforeMs) return [];
    const due = new Set<ObjectKey>();
    for (const [key, trigger] of this.#triggered)
      if (!this.#working.has(key) && this.#dueMs(trigger) <= nowMs) due.add(key);
    for (const [key, atMs] of this.#scheduled) if (!this.#working.has(key) && atMs <= nowMs) due.add(key);
    const taken = [...due].slice(0, countMax);
    for (const key of taken) {
      this.#recent.set(key, { takenMs: nowMs, ...this.#next(this.#triggered.get(key)) });
      this.#triggered.delete(key);
      // A back-off or requeue is answered by any pass over the root.
      this.#scheduled.delete(key);
      this.#working.add(key);
    }
    if (this.#recent.size > RECENT_MAX)
      for (const [key, recent] of this.#recent) if (!this.#isBurst(recent, nowMs)) this.#recent.delete(key);
    return taken;
  }

  succeeded(key: ObjectKey): void {
    this.#working.delete(key);
    this.#failures.delete(key);
  }

  /** Comes back after its back-off, or earlier if it is triggered. `leastMs`: what the server asked for. */
  failed(key: ObjectKey, nowMs: number, random: number, leastMs = 0): void {
    this.#working.delete(key);
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.requeue(key, nowMs + Math.max(leastMs, retryDelayMs(failures, this.#retry, random)));
  }

  /** When the next root is due; undefined when none waits. */
  nextDueMs(): number | undefined {
    let next = Infinity;
    for (const [key, trigger] of this.#triggered)
      if (!this.#working.has(key)) next = Math.min(next, this.#dueMs(trigger));
    for (const [key, atMs] of this.#scheduled) if (!this.#working.has(key)) next = Math.min(next, atMs);
    return next === Infinity ? undefined : Math.max(next, this.#notBeforeMs);
  }

  /** Forgets the roots that nobody needs to look at. */
  prune(isWanted: (key: ObjectKey) => boolean): void {
    for (const map of [this.#triggered, this.#scheduled, this.#failures])
      for (const key of map.keys()) if (!isWanted(key)) map.delete(key);
  }

  #heldOff(key: ObjectKey, nowMs: number): Pick<Trigger, 'quietMs' | 'maxMs'> {
    const recent = this.#recent.get(key);
    const { quietMs, maxMs } = recent && this.#isBurst(recent, nowMs) ? recent : this.#holdOff;
    return { quietMs, maxMs };
  }

  /** How long a root is held off when it is triggered again at once. */
  #next(trigger: Trigger | undefined): Pick<Trigger, 'quietMs' | 'maxMs'> {
    const { quietMs, maxMs, burstMaxMs = maxMs } = this.#holdOff;
    if (trigger === undefined) return { quietMs: Math.min(quietMs * 2, maxMs), maxMs };
    const wasNeverQuiet = trigger.firstMs + trigger.maxMs <= trigger.lastMs + trigger.quietMs;
    return {
      quietMs: Math.min(trigger.quietMs * 2, maxMs),
      maxMs: wasNeverQuiet ? Math.min(trigger.maxMs * 2, burstMaxMs) : trigger.maxMs,
    };
  }

  #isBurst({ takenMs, maxMs }: Recent, nowMs: number): boolean {
    return nowMs - takenMs <= maxMs * BURST_SHARE;
  }

  #dueMs({ firstMs, lastMs, quietMs, maxMs }: Trigger): number {
    return Math.min(lastMs + quietMs, firstMs + maxMs);
  }
}
