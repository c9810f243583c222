import {
  groupOf,
  keyOf,
  objectKey,
  type GroupKind,
  type KubeObject,
  type ObjectKey,
} from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { Change } from '../controller.js';
import type { Decoded } from './decode-object.js';
import type { ManagedKeys } from './managed-keys.js';
import { SortedObjects } from './sorted-objects.js';

/** Whose write made a change: that root of that controller need not be told. */
export interface Origin {
  readonly controller: string;
  readonly root: ObjectKey;
  /** Only the status differs, which no controller reads of objects that we write it to. */
  readonly isStatus?: boolean;
}

/** What a watch would make of an object that we have written; undefined: no watch would show it. */
export type WatchedView = (object: KubeObject) => KubeObject | undefined;

export type ChangeListener = (change: Change, origin: Origin | undefined) => void;

/**
 * The objects of the cluster as far as they are watched. A live view: synchronous readers see one state of the world, and
 * nobody may change an object. A change is told once, in order, and only when the version of the object differs.
 *
 * Read your writes. What the API server answers to a write of ours is put in at once, unless a watch delivered another
 * version while the write was under way: versions have no order that we may know, so then only the watch knows which is
 * newer. Once it is in, events of the object that are older than the write may still come; they are left out until the
 * event of the write itself arrives, because the events of one object come in order.
 */
export class Store implements Snapshot {
  readonly #byKey = new Map<ObjectKey, KubeObject>();
  readonly #byType = new Map<string, SortedObjects>();
  readonly #managed = new Map<ObjectKey, ManagedKeys>();
  /** Version of our own last write whose event has not come yet. */
  readonly #awaited = new Map<ObjectKey, string>();
  readonly #listener: ChangeListener;
  readonly #watchedView: WatchedView;
  readonly #watchNamespaces: ReadonlySet<string>;

  /** `watchNamespaces`: those whose objects come in; empty: all. */
  constructor(
    listener: ChangeListener,
    watchedView: WatchedView = (object) => object,
    watchNamespaces: readonly string[] = [],
  ) {
    this.#listener = listener;
    this.#watchedView = watchedView;
    this.#watchNamespaces = new Set(watchNamespaces);
  }

  isWatched(namespace: string): boolean {
    return this.#watchNamespaces.size === 0 || this.#watchNamespaces.has(namespace);
  }

  get<T extends KubeObject>(type: GroupKind, namespace: string, name: string): T | undefined {
    return this.#byKey.get(objectKey(type, namespace, name)) as T | undefined;
  }

  /** By server-side apply, as all that we generate. */
  isWrittenByUs(type: GroupKind, namespace: string, name: string): boolean {
    return this.#managed.has(objectKey(type, namespace, name));
  }

  getByKey(key: ObjectKey): KubeObject | undefined {
    return this.#byKey.get(key);
  }

  list<T extends KubeObject>(type: GroupKind): readonly T[] {
    return (this.#byType.get(typeKey(type))?.objects() ?? []) as unknown as readonly T[];
  }

  /** What our last server-side apply of the object set; undefined when there was none. */
  managedKeys(key: ObjectKey): ManagedKeys | undefined {
    return this.#managed.get(key);
  }

  /** Every object, in no order. */
  all(): IterableIterator<KubeObject> {
    return this.#byKey.values();
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** What a watch or a list delivered. A list starts anew: `isFromList` ends the wait for an event of ours. */
  put(item: Decoded, isFromList = false): void {
    const { object } = item;
    const key = keyOf(object);
    const awaited = this.#awaited.get(key);
    if (awaited !== undefined) {
      if (!isFromList && awaited !== object.metadata.resourceVersion) return;
      this.#awaited.delete(key);
    }
    this.#replace(key, item, undefined);
  }

  /** A watch or a list says that the object is gone; `uid` is the one it had, when known. */
  remove(key: ObjectKey, uid?: string): void {
    const current = this.#byKey.get(key);
    if (!current) return;
    // The end of a former object of this name, which our write has replaced by a new one.
    if (this.#awaited.has(key) && uid !== undefined && uid !== current.metadata.uid) return;
    this.#awaited.delete(key);
    this.#drop(key, current, undefined);
  }

  /** What the API server answered to a write that was sent while the store held `base`, the version or nothing. */
  putOwn(item: Decoded, base: string | undefined, origin: Origin): void {
    const object = this.#watchedView(item.object);
    if (!object) return;
    const key = keyOf(object);
    const current = this.#byKey.get(key)?.metadata.resourceVersion;
    if (current !== base || current === object.metadata.resourceVersion) return;
    this.#awaited.set(key, object.metadata.resourceVersion ?? '');
    this.#replace(key, { ...item, object }, origin);
  }

  #replace(key: ObjectKey, { object, managed }: Decoded, origin: Origin | undefined): void {
    const before = this.#byKey.get(key);
    if (before && sameVersion(before, object)) return;
    this.#byKey.set(key, object);
    if (managed) this.#managed.set(key, managed);
    else this.#managed.delete(key);
    const type: GroupKind = { group: groupOf(object.apiVersion), kind: object.kind };
    let sorted = this.#byType.get(typeKey(type));
    if (!sorted) this.#byType.set(typeKey(type), (sorted = new SortedObjects()));
    sorted.put(key, object);
    this.#listener({ type, ...(before && { before }), after: object }, origin);
  }

  #drop(key: ObjectKey, before: KubeObject, origin: Origin | undefined): void {
    const type: GroupKind = { group: groupOf(before.apiVersion), kind: before.kind };
    this.#byKey.delete(key);
    this.#managed.delete(key);
    this.#byType.get(typeKey(type))?.remove(key);
    this.#listener({ type, before }, origin);
  }
}

const typeKey = ({ group, kind }: GroupKind) => `${group}/${kind}`;

/** Without a version, as in tests, every object is a new one. */
const sameVersion = (a: KubeObject, b: KubeObject): boolean =>
  a.metadata.resourceVersion !== undefined &&
  a.metadata.resourceVersion === b.metadata.resourceVersion &&
  a.metadata.uid === b.metadata.uid;
