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
  const extras = found.filter(({ sort }) => sort === 'extra');
  return extras.length === 0 ? undefined : withoutExtras({}, desired, extras);
}

/**
 * A merge patch that writes all of the content and takes away what is extra, at once: for what was changed in a way that is
 * legal only together with what was added. Undefined when nothing is extra.
 */
export function correctionPatch(
  desired: KubeObject,
  found: readonly Difference[],
): Readonly<Record<string, unknown>> | undefined {
  const extras = found.filter(({ sort }) => sort === 'extra');
  return extras.length === 0 ? undefined : withoutExtras({ ...contentOf(desired) }, desired, extras);
}

function withoutExtras(
  patch: Record<string, unknown>,
  desired: KubeObject,
  extras: readonly Difference[],
): Readonly<Record<string, unknown>> {
  for (const { path } of extras) {
    const firstIndex = path.findIndex((step) => typeof step === 'number');
    const members = (firstIndex < 0 ? path : path.slice(0, firstIndex)).map(String);
    put(patch, members, valueAt(contentOf(desired), members) ?? null);
  }
  return patch;
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
