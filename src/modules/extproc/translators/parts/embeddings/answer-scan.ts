import {
  JsonSyntaxError,
  memberRanges,
  readBoolean,
  readJson,
  scanObject,
  type ByteRange,
  type MemberRanges,
} from '../../../codec/json-scan.js';
import { NULL } from '../../../codec/json-skip.js';
import { counterOf } from '../../../codec/usage.js';
import { UpstreamAnswerError } from '../../translator.js';

/** Top-level members of an answer. @throws {UpstreamAnswerError} when it is no JSON object */
export function answerMembers(body: Uint8Array, names: readonly string[]): MemberRanges {
  try {
    return scanObject(body, names);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new UpstreamAnswerError(`the answer must be a JSON object: ${error.message}`);
  }
}

/** The member at the end of a chain of names; undefined when any is missing. */
export function memberAt(body: Uint8Array, members: MemberRanges, ...names: readonly string[]): ByteRange | undefined {
  const [first, ...rest] = names;
  let range = first === undefined ? undefined : members.get(first)?.at(-1);
  for (const name of rest) range = range && memberRanges(body, range, [name]).get(name)?.at(-1);
  return range;
}

export const isNull = (body: Uint8Array, range: ByteRange): boolean => body[range.start] === NULL[0];

/** A counter, floored; undefined when it is missing or none. */
export function counterAt(body: Uint8Array, range: ByteRange | undefined): number | undefined {
  return range && range.end - range.start < 32 ? counterOf(readJson(body, range)) : undefined;
}

export const isTrueAt = (body: Uint8Array, range: ByteRange | undefined): boolean =>
  range !== undefined && readBoolean(body, range) === true;
