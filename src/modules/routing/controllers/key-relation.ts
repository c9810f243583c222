import type { ObjectKey } from '../../../shared/api/kube-object.js';

const NOBODY: ReadonlySet<ObjectKey> = new Set();

/** Which objects refer to which: asked in the other direction, kept up with one call per change of a referrer. */
export class KeyRelation {
  readonly #referrers = new Map<ObjectKey, Set<ObjectKey>>();

  /** `before` and `after` are what the referrer named then and names now. */
  update(referrer: ObjectKey, before: Iterable<ObjectKey>, after: Iterable<ObjectKey>): void {
    for (const key of before) {
      const referrers = this.#referrers.get(key);
      if (referrers?.delete(referrer) && referrers.size === 0) this.#referrers.delete(key);
    }
    for (const key of after) {
      const referrers = this.#referrers.get(key);
      if (referrers) referrers.add(referrer);
      else this.#referrers.set(key, new Set([referrer]));
    }
  }

  referrersOf(key: ObjectKey): ReadonlySet<ObjectKey> {
    return this.#referrers.get(key) ?? NOBODY;
  }
}
