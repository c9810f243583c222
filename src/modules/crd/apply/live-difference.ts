import type { KubeObject } from '../../../shared/api/kube-object.js';
import type { ManagedKeys } from '../store/managed-keys.js';
import { defaultsOf, isDefault } from './api-defaults.js';

/** One place where a live object does not say what was desired. */
export interface Difference {
  /** Members and indexes from the root of the object, such as `['spec', 'rules', 0, 'name']`. */
  readonly path: readonly (string | number)[];
  /** `extra`: the live object says something beyond what was desired, which is no default of the API. */
  readonly sort: 'changed' | 'extra';
}

/** What of an object is for us to say; the rest is the API server's or of other writers. */
const NOT_CONTENT = new Set(['apiVersion', 'kind', 'metadata', 'status']);
/** One is enough to write; the others are for the removal of extras. */
const DIFFERENCES_MAX = 50;

/**
 * Where the live object does not say exactly what is desired, up to defaults that the API server fills in: empty means
 * that a write would change nothing. Labels, annotations and owners of others are left alone, but those that our last apply
 * set and that are no longer desired count.
 */
export function differences(
  desired: KubeObject,
  live: KubeObject,
  managed: ManagedKeys | undefined,
): readonly Difference[] {
  const found: Difference[] = [];
  compareMetadata(desired, live, managed, found);
  const defaults = defaultsOf(desired);
  const content = { desired: contentOf(desired), live: contentOf(live) };
  compare(content.desired, content.live, [], '', defaults, found);
  return found;
}

/** The members that are compared: `spec`, `data`, `type`, … */
export function contentOf(object: KubeObject): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(object).filter(([member]) => !NOT_CONTENT.has(member)));
}

function compareMetadata(
  { metadata: desired }: KubeObject,
  { metadata: live }: KubeObject,
  managed: ManagedKeys | undefined,
  found: Difference[],
): void {
  for (const member of ['labels', 'annotations'] as const) {
    for (const [key, value] of Object.entries(desired[member] ?? {}))
      if (live[member]?.[key] !== value) found.push({ path: ['metadata', member, key], sort: 'changed' });
    for (const key of managed?.[member] ?? [])
      if (desired[member]?.[key] === undefined && live[member]?.[key] !== undefined)
        found.push({ path: ['metadata', member, key], sort: 'changed' });
  }
  for (const owner of desired.ownerReferences ?? []) {
    const same = live.ownerReferences?.find(({ uid }) => uid === owner.uid);
    if (!same || same.controller !== owner.controller || same.blockOwnerDeletion !== owner.blockOwnerDeletion)
      found.push({ path: ['metadata', 'ownerReferences'], sort: 'changed' });
  }
}

type Defaults = ReturnType<typeof defaultsOf>;

/** `pattern` is the path without indexes, as the table of defaults has it: `spec.rules[].name`. */
function compare(
  desired: unknown,
  live: unknown,
  path: Difference['path'],
  pattern: string,
  defaults: Defaults,
  found: Difference[],
): void {
  if (found.length >= DIFFERENCES_MAX) return;
  if (Array.isArray(desired)) {
    if (!Array.isArray(live)) {
      if (desired.length > 0 || live !== undefined) found.push({ path, sort: 'changed' });
    } else if (live.length > desired.length) found.push({ path, sort: 'extra' });
    else if (live.length < desired.length) found.push({ path, sort: 'changed' });
    else
      for (const [i, element] of desired.entries())
        compare(element, live[i], [...path, i], `${pattern}[]`, defaults, found);
  } else if (isRecord(desired)) {
    if (isRecord(live)) compareMembers(desired, live, path, pattern, defaults, found);
    else found.push({ path, sort: 'changed' });
  } else if (desired !== live && !(desired === null && live === undefined)) found.push({ path, sort: 'changed' });
}

function compareMembers(
  desired: Readonly<Record<string, unknown>>,
  live: Readonly<Record<string, unknown>>,
  path: Difference['path'],
  pattern: string,
  defaults: Defaults,
  found: Difference[],
): void {
  const prefix = pattern === '' ? '' : `${pattern}.`;
  for (const member of Object.keys(desired))
    if (desired[member] !== undefined)
      compare(desired[member], live[member], [...path, member], `${prefix}${member}`, defaults, found);
  for (const member of Object.keys(live))
    if (desired[member] === undefined && !isDefault(defaults, `${prefix}${member}`, live[member]))
      found.push({ path: [...path, member], sort: 'extra' });
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
