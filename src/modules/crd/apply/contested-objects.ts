import type { KubeObject, ObjectKey } from '../../../shared/api/kube-object.js';
import { contentHash } from './content-hash.js';

/** So often the same may be applied again within the window: people who edit, not programs that fight. */
const RESTORES_MAX = 10;
const WINDOW_MS = 60_000;
const OBJECTS_MAX = 20_000;

interface Restores {
  readonly desired: string;
  readonly sinceMs: number;
  readonly count: number;
}

/**
 * Objects that somebody else changes back whenever we have written them. Two programs that both insist would write as fast
 * as they can, and every watcher of the cluster with them.
 */
export class ContestedObjects {
  readonly #restores = new Map<ObjectKey, Restores>();

  /** The same was applied too often: let the other one have it for a while. */
  isContested(key: ObjectKey, desired: KubeObject, nowMs: number): boolean {
    const before = this.#restores.get(key);
    if (before === undefined || before.count < RESTORES_MAX || nowMs - before.sinceMs >= WINDOW_MS) return false;
    return before.desired === identityOf(desired);
  }

  /** We have deleted it ourselves: that it has to be made again is nobody's fault. */
  deleted(key: ObjectKey): void {
    this.#restores.delete(key);
  }

  /** It was applied with success. */
  applied(key: ObjectKey, desired: KubeObject, nowMs: number): void {
    const hash = identityOf(desired);
    const before = this.#restores.get(key);
    const goesOn = before?.desired === hash && nowMs - before.sinceMs < WINDOW_MS;
    this.#restores.delete(key);
    this.#restores.set(
      key,
      goesOn ? { ...before, count: before.count + 1 } : { desired: hash, sinceMs: nowMs, count: 1 },
    );
    const [oldest] = this.#restores.keys();
    if (this.#restores.size > OBJECTS_MAX && oldest !== undefined) this.#restores.delete(oldest);
  }
}

/** Owners belong to it: with those the garbage collector deletes it, rightly. */
const identityOf = (desired: KubeObject): string =>
  [contentHash(desired), ...(desired.metadata.ownerReferences ?? []).map(({ uid }) => uid)].join(' ');
