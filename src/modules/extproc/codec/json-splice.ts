import { insertionPoint, type ByteRange, type InsertionPoint } from './json-scan.js';

/** Bytes from `start` to `end` (exclusive) are replaced; equal offsets insert. */
export interface ByteEdit {
  readonly start: number;
  readonly end: number;
  readonly replacement: Uint8Array;
}

/** A member to be set: `ranges` as a scan for `name` found them (none: it is added), `jsonText` the new value. */
export interface MemberValue {
  readonly name: string;
  readonly ranges: readonly ByteRange[] | undefined;
  /** Well-formed JSON. */
  readonly jsonText: string;
}

/**
 * Carries out edits given in any order; all other bytes stay as they are. One allocation, none without edits (the same
 * bytes come back).
 * @throws {RangeError} when edits overlap or lie outside of the bytes.
 */
export function splice(bytes: Uint8Array, edits: readonly ByteEdit[]): Uint8Array {
  if (edits.length === 0) return bytes;
  const sorted = edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let length = bytes.length;
  let previousEnd = 0;
  for (const { start, end, replacement } of sorted) {
    if (start < previousEnd || end < start || end > bytes.length) {
      throw new RangeError(
        `cannot splice bytes ${start} to ${end}: expected a range from ${previousEnd} to ${bytes.length}`,
      );
    }
    length += replacement.length - (end - start);
    previousEnd = end;
  }
  const out = Buffer.allocUnsafe(length);
  let source = 0;
  let target = 0;
  for (const { start, end, replacement } of sorted) {
    out.set(bytes.subarray(source, start), target);
    target += start - source;
    out.set(replacement, target);
    target += replacement.length;
    source = end;
  }
  out.set(bytes.subarray(source), target);
  return out;
}

/**
 * The edits that set members of one object. Every occurrence of a doubled key is replaced, so that no reader can see
 * another value than the rest (spec extproc.md 20.1); what is absent is added at the front.
 */
export function memberEdits(insertion: InsertionPoint, members: readonly MemberValue[]): ByteEdit[] {
  const edits: ByteEdit[] = [];
  const added: string[] = [];
  for (const { name, ranges, jsonText } of members) {
    if (ranges === undefined || ranges.length === 0) {
      added.push(`${JSON.stringify(name)}:${jsonText}`);
      continue;
    }
    const replacement = Buffer.from(jsonText);
    for (const { start, end } of ranges) edits.push({ start, end, replacement });
  }
  if (added.length > 0) {
    const text = added.join(',') + (insertion.isEmpty ? '' : ',');
    edits.push({ start: insertion.offset, end: insertion.offset, replacement: Buffer.from(text) });
  }
  return edits;
}

/** Sets one top-level member of a scanned document. @see {@link memberEdits} */
export function replaceMember(bytes: Uint8Array, member: MemberValue): Uint8Array {
  return splice(bytes, memberEdits(insertionPoint(bytes), [member]));
}
