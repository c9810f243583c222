import { JsonSyntaxError, jsonSource, skipValue } from './json-skip.js';

/** How much of the end of a large answer or event is kept: all providers write `usage` there. */
export const USAGE_TAIL_BYTES = 64 << 10;

/** Inside a string the quotes would be escaped. */
const USAGE_MEMBER = /"usage"\s*:\s*(?=\{)/g;

/** Where the last member `usage` that holds an object begins and where its value does; undefined when there is none. */
export function lastUsageMember(tail: Buffer): { readonly key: number; readonly value: number } | undefined {
  const match = [...tail.toString('latin1').matchAll(USAGE_MEMBER)].at(-1);
  return match && { key: match.index, value: match.index + match[0].length };
}

/** The last `usage` of the end of a document, as objects; undefined when there is none, or not all of it. */
export function readLastUsage(tail: Buffer): unknown {
  const member = lastUsageMember(tail);
  if (member === undefined) return undefined;
  try {
    return JSON.parse(tail.toString('utf8', member.value, skipValue(jsonSource(tail), member.value)));
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}
