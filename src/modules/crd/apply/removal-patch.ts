import type { KubeObject } from '../../../shared/api/kube-object.js';
import { contentOf, isRecord, type Difference } from './live-difference.js';

/**
 * A merge patch that takes away what an apply left in the content of an object: members that another manager owns. A merge
 * patch cannot reach into lists, so a list with something extra in it is written as a whole. Undefined when nothing is extra.
 */
export function removalPatch(
  desired: KubeObject,
  found: readonly Difference[],
): Readonly<Record<string, unknown>> | undefined {
  const patch: Record<string, unknown> = {};
  let isEmpty = true;
  for (const { path, sort } of found) {
    if (sort !== 'extra') continue;
    const firstIndex = path.findIndex((step) => typeof step === 'number');
    const members = (firstIndex < 0 ? path : path.slice(0, firstIndex)).map(String);
    put(patch, members, valueAt(contentOf(desired), members) ?? null);
    isEmpty = false;
  }
  return isEmpty ? undefined : patch;
}

function valueAt(value: unknown, members: readonly string[]): unknown {
  return members.reduce<unknown>((at, member) => (isRecord(at) ? at[member] : undefined), value);
}

function put(patch: Record<string, unknown>, [member, ...rest]: readonly string[], value: unknown): void {
  if (member === undefined) return;
  if (rest.length === 0) {
    patch[member] = value;
    return;
  }
  const inner = isRecord(patch[member]) ? { ...patch[member] } : {};
  patch[member] = inner;
  put(inner, rest, value);
}
