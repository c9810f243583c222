import { groupOf, keyOf, objectKey, type GroupKind, type KubeObject, type ObjectKey } from './kube-object.js';

/** An immutable view of the world. The caller names the shape of a kind; the objects were validated when they came in. */
export interface Snapshot {
  get<T extends KubeObject>(type: GroupKind, namespace: string, name: string): T | undefined;
  /** All objects of the type, sorted by namespace and name. */
  list<T extends KubeObject>(type: GroupKind): readonly T[];
  /** False: what users have in this namespace is not part of the view, so nobody can say what is not there. */
  isWatched(namespace: string): boolean;
  /** Whether the object is one that we have written, whoever changed it since, its marks of ours included. */
  isWrittenByUs(type: GroupKind, namespace: string, name: string): boolean;
}

/**
 * Snapshot of a fixed set of objects; of two with the same key the later one counts. `watchNamespaces` are those whose objects
 * are part of it, all when there are none. `written` are the keys of those that we have written.
 */
export function snapshotOf(
  objects: Iterable<KubeObject>,
  watchNamespaces: readonly string[] = [],
  written: readonly ObjectKey[] = [],
): Snapshot {
  const byKey = new Map<ObjectKey, KubeObject>();
  for (const object of objects) byKey.set(keyOf(object), object);
  const byType = new Map<string, KubeObject[]>();
  for (const key of [...byKey.keys()].sort()) {
    const object = byKey.get(key)!;
    const type = typeKey({ group: groupOf(object.apiVersion), kind: object.kind });
    const list = byType.get(type);
    if (list) list.push(object);
    else byType.set(type, [object]);
  }
  return {
    get: <T extends KubeObject>(type: GroupKind, namespace: string, name: string) =>
      byKey.get(objectKey(type, namespace, name)) as T | undefined,
    list: <T extends KubeObject>(type: GroupKind) => (byType.get(typeKey(type)) ?? []) as unknown as readonly T[],
    isWatched: (namespace) => watchNamespaces.length === 0 || watchNamespaces.includes(namespace),
    isWrittenByUs: (type, namespace, name) => written.includes(objectKey(type, namespace, name)),
  };
}

const typeKey = (type: GroupKind) => `${type.group}/${type.kind}`;
