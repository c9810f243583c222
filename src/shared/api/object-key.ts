import type { GroupKind, ObjectKey } from './kube-object.js';

/** Parts of an {@link ObjectKey}; names and namespaces hold no slash. */
export const nameOfKey = (key: ObjectKey): string => key.slice(key.lastIndexOf('/') + 1);

export function namespaceOfKey(key: ObjectKey): string {
  const end = key.lastIndexOf('/');
  return key.slice(key.lastIndexOf('/', end - 1) + 1, end);
}

export const isKeyOf = (key: ObjectKey, { group, kind }: GroupKind): boolean => key.startsWith(`${group}/${kind}/`);
