import { FIELD_MANAGER, isOurApply, type Fields, type ManagedFieldsEntry } from '../store/managed-keys.js';

/**
 * The managed fields of an object that another manager wrote by update, as the reference does, with its fields made ours:
 * from then on a field that we no longer want goes away with our next apply. Undefined when there is nothing to take over.
 * Fields of appliers and of subresources stay whose they are. @see spec design.md decision 7
 */
export function takenOverFields(
  entries: readonly ManagedFieldsEntry[],
  apiVersion: string,
): readonly ManagedFieldsEntry[] | undefined {
  const isContent = (entry: ManagedFieldsEntry) =>
    entry.operation === 'Update' && !entry.subresource && ['f:spec', 'f:data'].some((key) => entry.fieldsV1?.[key]);
  // Its fields mean the same in another version only if both have the same shape.
  const isTaken = (entry: ManagedFieldsEntry) =>
    isOurApply(entry) || (isContent(entry) && entry.apiVersion === apiVersion);
  const taken = entries.filter(isTaken);
  if (!taken.some(isContent)) return undefined;
  return [
    {
      manager: FIELD_MANAGER,
      operation: 'Apply',
      apiVersion,
      fieldsType: 'FieldsV1',
      fieldsV1: taken.map(({ fieldsV1 }) => fieldsV1 ?? {}).reduce(union, {}),
    },
    ...entries.filter((entry) => !isTaken(entry)),
  ];
}

function union(a: Fields, b: Fields): Fields {
  const merged: Record<string, Fields> = { ...a };
  for (const [key, fields] of Object.entries(b)) {
    const before = merged[key];
    merged[key] = before ? union(before, fields) : fields;
  }
  return merged;
}
