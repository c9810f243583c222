import { hash } from 'node:crypto';

/** What is nested deeper is replaced as a whole: a hostile body must not exhaust the stack. */
const DEPTH_MAX = 200;

/** The word of an API, e.g. `input_text` or `web_search_20250305`; below arguments of tools `type` may be a client's own text. */
const TYPE_WORD = /^[a-z][a-z0-9_.-]{0,63}$/i;

/**
 * Placeholder that tells equal texts from different ones without showing them: `[REDACTED LENGTH=<bytes> HASH=<first 16 hex
 * digits of SHA-256>]`. Empty stays empty. @see spec extproc.md section 19
 */
export function redactText(text: string | Uint8Array): string {
  const sizeBytes = typeof text === 'string' ? Buffer.byteLength(text) : text.byteLength;
  return sizeBytes === 0 ? '' : `[REDACTED LENGTH=${sizeBytes} HASH=${hash('sha256', text, 'hex').slice(0, 16)}]`;
}

/**
 * A body as a log field: every string of the JSON is redacted but single words under keys named `type`; keys, numbers,
 * booleans and the nesting stay. A body that is no JSON is redacted as one text. The bytes are not changed.
 */
export function redactBody(body: Uint8Array): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch {
    return redactText(body);
  }
  return redactValue(parsed, '', DEPTH_MAX);
}

function redactValue(value: unknown, key: string, depthLeft: number): unknown {
  if (typeof value === 'string') return key === 'type' && TYPE_WORD.test(value) ? value : redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depthLeft === 0) return '[REDACTED: nested too deep]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, '', depthLeft - 1));
  // Through entries, because an assignment to the key `__proto__` would not make a member.
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, redactValue(member, name, depthLeft - 1)]),
  );
}
