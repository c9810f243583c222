const REDACTED = '[REDACTED]';

const SENSITIVE_NAMES: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'api-key',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-amz-security-token',
  'x-goog-api-key',
  'ocp-apim-subscription-key',
]);
/** `x-aigw-…` carries credentials that a client brings for one request. @see spec extproc.md section 18.2 */
const SENSITIVE_PREFIX = 'x-aigw-';
const SENSITIVE_SUFFIXES = ['-access-key-id', '-secret-access-key', '-session-token'];

/** Whether the value of a header may hold a credential; the name in any case. @see spec extproc.md section 19, X28 */
export function isSensitiveHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return (
    SENSITIVE_NAMES.has(lower) ||
    lower.startsWith(SENSITIVE_PREFIX) ||
    SENSITIVE_SUFFIXES.some((suffix) => lower.endsWith(suffix))
  );
}

/** Headers as a log field: sensitive values are `[REDACTED]`, several values of one name are joined by a comma. */
export function redactHeaders(headers: Iterable<readonly [name: string, value: string]>): Record<string, string> {
  const shown = new Map<string, string>();
  for (const [name, value] of headers) {
    const former = shown.get(name);
    if (isSensitiveHeader(name)) shown.set(name, REDACTED);
    else shown.set(name, former === undefined ? value : `${former}, ${value}`);
  }
  return Object.fromEntries(shown);
}
