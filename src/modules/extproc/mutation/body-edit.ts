import {
  type ByteRange,
  elementRanges,
  insertionPoint,
  isKey,
  memberRanges,
  scanObject,
  walkDocument,
  walkObject,
} from '../codec/json-scan.js';
import { jsonSource, OPEN_BRACE, OPEN_BRACKET, skipSpace } from '../codec/json-skip.js';
import { type ByteEdit, memberEdits } from '../codec/json-splice.js';
import type { PathStep } from './body-path.js';

/** A path that does not fit the body: it leads through a string, or names an element of an array by a word. */
export class BodyPathError extends Error {
  override readonly name = 'BodyPathError';
}

const NOTHING = new Uint8Array();
const LETTER_N = 0x6e;

/**
 * Edits that remove and set top-level members in one pass. A name that is both removed and set ends up set.
 * @throws {JsonSyntaxError} when the bytes are not one JSON object.
 */
export function editMembers(
  bytes: Uint8Array,
  removes: ReadonlySet<string>,
  sets: ReadonlyMap<string, string>,
): ByteEdit[] {
  const source = jsonSource(bytes);
  const members: ByteRange[] = [];
  const removed = new Set<number>();
  const found = new Map<string, ByteRange[]>(Array.from(sets.keys(), (name) => [name, []]));
  walkDocument(source, (keyStart, start, end) => {
    const isNamed = (name: string) => isKey(source, keyStart, name);
    for (const [name, ranges] of found) if (isNamed(name)) ranges.push({ start, end });
    for (const name of removes) if (isNamed(name) && !sets.has(name)) removed.add(members.length);
    members.push({ start: keyStart, end });
  });
  const insertion = { ...insertionPoint(bytes), isEmpty: removed.size === members.length };
  const values = Array.from(sets, ([name, jsonText]) => ({ name, ranges: found.get(name), jsonText }));
  return [...removalEdits(members, removed), ...memberEdits(insertion, values)];
}

/** `items` are all that a container holds; their commas go with them. */
function removalEdits(items: readonly ByteRange[], removed: ReadonlySet<number>): ByteEdit[] {
  const lastKept = items.findLastIndex((_item, index) => !removed.has(index));
  return Array.from(removed, (index) => {
    const { start, end } = items[index]!;
    // Up to the next item when one stays behind it, otherwise from the end of the one before, with the comma between.
    if (index < lastKept) return { start, end: items[index + 1]!.start, replacement: NOTHING };
    return { start: items[index - 1]?.end ?? start, end, replacement: NOTHING };
  });
}

/** Edits that set the value at a path; missing containers are created. @throws {BodyPathError | JsonSyntaxError} */
export function setPathEdits(bytes: Uint8Array, steps: readonly PathStep[], jsonText: string): ByteEdit[] {
  return setInside(bytes, documentRange(bytes), steps, jsonText);
}

function documentRange(bytes: Uint8Array): ByteRange {
  scanObject(bytes, []);
  return { start: skipSpace(bytes, 0), end: bytes.length };
}

function setInside(bytes: Uint8Array, container: ByteRange, steps: readonly PathStep[], jsonText: string): ByteEdit[] {
  const [step, ...rest] = steps;
  if (step === undefined) return [{ ...container, replacement: Buffer.from(jsonText) }];
  const kind = bytes[container.start];
  // As in the sjson library, null stands for a container that is not there yet.
  if (kind === LETTER_N) return [{ ...container, replacement: Buffer.from(containersText(steps, jsonText)) }];
  if (kind === OPEN_BRACE) {
    const ranges = memberRanges(bytes, container, [step.key]).get(step.key);
    if (ranges !== undefined) return ranges.flatMap((range) => setInside(bytes, range, rest, jsonText));
    const member = { name: step.key, ranges, jsonText: containersText(rest, jsonText) };
    return memberEdits(insertionPoint(bytes, container), [member]);
  }
  if (kind !== OPEN_BRACKET) throw new BodyPathError(`"${step.key}" is looked for in a value that has no members`);
  if (step.index === undefined) throw new BodyPathError(`"${step.key}" is not an index of an array`);
  const elements = elementRanges(bytes, container) ?? [];
  const element = step.index === 'last' ? undefined : elements[step.index];
  if (element !== undefined) return setInside(bytes, element, rest, jsonText);
  const missing = step.index === 'last' ? 0 : step.index - elements.length;
  const added = 'null,'.repeat(missing) + containersText(rest, jsonText);
  const offset = elements.at(-1)?.end ?? container.start + 1;
  return [{ start: offset, end: offset, replacement: Buffer.from(elements.length === 0 ? added : `,${added}`) }];
}

function containersText(steps: readonly PathStep[], jsonText: string): string {
  return steps.reduceRight((text, { key, index }) => {
    if (index === undefined) return `{${JSON.stringify(key)}:${text}}`;
    return `[${index === 'last' ? '' : 'null,'.repeat(index)}${text}]`;
  }, jsonText);
}

/** Edits that remove the value at a path; none when there is no such value. @throws {JsonSyntaxError} */
export function removePathEdits(bytes: Uint8Array, steps: readonly PathStep[]): ByteEdit[] {
  return removeInside(bytes, documentRange(bytes), steps);
}

function removeInside(bytes: Uint8Array, container: ByteRange, steps: readonly PathStep[]): ByteEdit[] {
  const [step, ...rest] = steps;
  if (step === undefined) return [];
  const { items, values, matches } = itemsOf(bytes, container, step);
  if (rest.length === 0) return removalEdits(items, matches);
  return Array.from(matches).flatMap((index) => removeInside(bytes, values[index]!, rest));
}

interface Items {
  /** Members with their keys, or elements. */
  readonly items: readonly ByteRange[];
  readonly values: readonly ByteRange[];
  /** Which of them a step means: several for a doubled key. */
  readonly matches: ReadonlySet<number>;
}

function itemsOf(bytes: Uint8Array, container: ByteRange, { key, index }: PathStep): Items {
  const elements = elementRanges(bytes, container);
  if (elements !== undefined) {
    const match = index === 'last' ? elements.length - 1 : index;
    const hasMatch = match !== undefined && elements[match] !== undefined;
    return { items: elements, values: elements, matches: new Set(hasMatch ? [match] : []) };
  }
  const items: ByteRange[] = [];
  const values: ByteRange[] = [];
  const matches = new Set<number>();
  if (bytes[container.start] !== OPEN_BRACE) return { items, values, matches };
  const source = jsonSource(bytes);
  walkObject(source, container.start, (keyStart, start, end) => {
    if (isKey(source, keyStart, key)) matches.add(items.length);
    items.push({ start: keyStart, end });
    values.push({ start, end });
  });
  return { items, values, matches };
}
