import type { ConditionState } from '../../shared/api/conditions.js';
import type { GroupKind, KubeObject, ObjectKey } from '../../shared/api/kube-object.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import type { HoldOff } from './work-queue.js';

/**
 * What is registered with the controller loop: pure decisions about roots of one kind. The loop watches, queues, applies and
 * retries; a controller never talks to the cluster.
 *
 *   change ─▶ triggers(change, world) ─▶ queue (dedup, hold-off) ─▶ reconcile(keys, world, now) ─▶ Desired ─▶ apply
 */
export interface Controller {
  /** Label of metrics and log lines, e.g. `route`. */
  readonly name: string;
  /** Roots that a change concerns; asked for both sides of an update, so detaching wakes whom it left. */
  triggers(change: Change, world: Snapshot): Iterable<ObjectKey>;
  /**
   * For a controller that waits for something outside of the cluster: gets a function that has a root looked at again.
   * Called once, before the first change is shown.
   */
  readonly onAttached?: (wake: (root: ObjectKey) => void) => void;
  /**
   * A root is taken `quietMs` after its last trigger and `maxMs` after its first one at the latest, `burstMaxMs` while a burst
   * goes on; the loop stretches all of them while passes of this controller take long, so that a burst costs a bounded share of
   * the processor.
   */
  readonly holdOff: HoldOff;
  /**
   * What each of the roots should own, given the world: the same world gives the same bytes. Roots may be gone from the world
   * (`deletes` then names what they leave). Roots of one pass come together so that they can share what they resolve. When it
   * throws, the loop tries the roots one by one, so that one bad root never blocks its neighbours.
   */
  reconcile(roots: readonly ObjectKey[], world: Snapshot, now: Date): readonly Desired[];
}

/** One event of a watch, or the difference that a relist found. At least one side is there. */
export interface Change {
  readonly type: GroupKind;
  readonly before?: KubeObject;
  readonly after?: KubeObject;
}

export interface Desired {
  readonly root: ObjectKey;
  /** Written by server-side apply, in this order; skipped when the live object already says all of it. */
  readonly objects: readonly KubeObject[];
  /** Generated objects that are no longer wanted; the controller checked in the world that they are ours. */
  readonly deletes: readonly ObjectKey[];
  /** Merge patches of objects that belong to others; skipped when the live object already has the values. */
  readonly patches: readonly ObjectPatch[];
  /** Status conditions; `lastTransitionTime` is put in by the writer, which writes only what differs. */
  readonly conditions: ReadonlyMap<ObjectKey, readonly ConditionState[]>;
  /** Kubernetes Events, emitted once for each change of state: the writer drops what it said last about the object. */
  readonly events: readonly ObjectEvent[];
  /** Look at the root again after this time, changes or not. */
  readonly requeueAfterMs?: number;
}

/** RFC 7386 merge patch. */
export interface ObjectPatch {
  readonly object: ObjectKey;
  readonly patch: Readonly<Record<string, unknown>>;
  /** Absent: the object itself. */
  readonly subresource?: 'status';
}

export interface ObjectEvent {
  readonly regarding: ObjectKey;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase. */
  readonly reason: string;
  /** What is being done, CamelCase verb. */
  readonly action: string;
  /** At most 1024 characters; never a secret. */
  readonly note: string;
}
