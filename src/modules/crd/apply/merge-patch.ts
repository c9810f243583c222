import { isRecord } from './live-difference.js';

/** Whether the RFC 7386 merge patch would leave anything of the value other than it is. Preconditions do not count. */
export function changesAnything(value: unknown, patch: unknown): boolean {
  if (!isRecord(patch)) return !isEqual(value, patch);
  if (!isRecord(value)) return true;
  return Object.entries(patch).some(([member, change]) => {
    if (change === undefined || member === 'resourceVersion') return false;
    return change === null ? value[member] !== undefined : changesAnything(value[member], change);
  });
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  if (isRecord(a)) {
    if (!isRecord(b)) return false;
    const members = Object.keys(a);
    return members.length === Object.keys(b).length && members.every((member) => isEqual(a[member], b[member]));
  }
  return a === b;
}
