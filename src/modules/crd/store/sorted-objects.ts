import type { KubeObject, ObjectKey } from '../../../shared/api/kube-object.js';

/** The objects of one kind, by key. A list that was handed out never changes afterwards. */
export class SortedObjects {
  #keys: ObjectKey[] = [];
  #objects: KubeObject[] = [];
  #isShared = false;

  objects(): readonly KubeObject[] {
    this.#isShared = true;
    return this.#objects;
  }

  put(key: ObjectKey, object: KubeObject): void {
    this.#unshare();
    const at = this.#indexOf(key);
    if (this.#keys[at] === key) this.#objects[at] = object;
    else {
      this.#keys.splice(at, 0, key);
      this.#objects.splice(at, 0, object);
    }
  }

  remove(key: ObjectKey): void {
    const at = this.#indexOf(key);
    if (this.#keys[at] !== key) return;
    this.#unshare();
    this.#keys.splice(at, 1);
    this.#objects.splice(at, 1);
  }

  /** One copy for all changes between two readers. */
  #unshare(): void {
    if (!this.#isShared) return;
    this.#objects = [...this.#objects];
    this.#isShared = false;
  }

  /** Where the key is or belongs. */
  #indexOf(key: ObjectKey): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
