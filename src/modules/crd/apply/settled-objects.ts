import type { KubeObject, ObjectKey } from '../../../shared/api/kube-object.js';
import { contentHash } from './content-hash.js';

const OBJECTS_MAX = 20_000;

/**
 * Objects that the API server, or an admission webhook of somebody, does not keep as we apply them: normalised quantities,
 * defaults that we do not know. What came out of an apply is remembered, so that the same is not applied over and over.
 */
export class SettledObjects {
  readonly #results = new Map<ObjectKey, { readonly desired: string; readonly live: string }>();

  isSettled(key: ObjectKey, desired: KubeObject, live: KubeObject): boolean {
    const result = this.#results.get(key);
    return result !== undefined && result.desired === contentHash(desired) && result.live === contentHash(live);
  }

  settle(key: ObjectKey, desired: KubeObject, live: KubeObject): void {
    this.#results.delete(key);
    this.#results.set(key, { desired: contentHash(desired), live: contentHash(live) });
    const [oldest] = this.#results.keys();
    if (this.#results.size > OBJECTS_MAX && oldest !== undefined) this.#results.delete(oldest);
  }

  forget(key: ObjectKey): void {
    this.#results.delete(key);
  }
}
