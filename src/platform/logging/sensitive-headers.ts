/** What is logged in place of a value. */
export const REDACTED = '[REDACTED]';

const SENSITIVE_NAMES: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'api-key',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  // Browsers have no other place for the key of a WebSocket.
  'sec-websocket-protocol',
  'x-amz-security-token',
  'x-goog-api-key',
  'ocp-apim-subscription-key',
]);
/** `x-aigw-…` carries credentials that a client brings for one request. @see spec extproc.md section 18.2 */
const SENSITIVE_PREFIX = 'x-aigw-';
/** Names that clients and providers choose themselves; `-key` stands for `-api-key` too, `-token` for `-session-token`. */
const SENSITIVE_SUFFIXES = ['-access-key-id', '-auth', '-key', '-password', '-secret', '-token'];
/** Their queries may hold a credential, e.g. `?key=`. */
const PATH_NAMES: ReadonlySet<string> = new Set([':path', 'x-ai-eg-original-path', 'x-envoy-original-path']);

/** Whether the value of a header may hold a credential; the name in any case. @see spec extproc.md section 19, X28 */
export function isSensitiveHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return (
    SENSITIVE_NAMES.has(lower) ||
    lower.startsWith(SENSITIVE_PREFIX) ||
    SENSITIVE_SUFFIXES.some((suffix) => lower.endsWith(suffix))
  );
}

/**
 * Headers as a log field: sensitive values are `[REDACTED]`, of paths the values in the query are, several values of one
 * name are joined by a comma. `isHidden` names further headers whose values must not be shown.
 */
export function redactHeaders(
  headers: Iterable<readonly [name: string, value: string]>,
  isHidden: (name: string) => boolean = () => false,
): Record<string, string> {
  const shown = new Map<string, string>();
  for (const [name, value] of headers) {
    const former = shown.get(name);
    if (isSensitiveHeader(name) || isHidden(name)) {
      shown.set(name, REDACTED);
      continue;
    }
    const text = PATH_NAMES.has(name.toLowerCase()) ? redactQuery(value) : value;
    shown.set(name, former === undefined ? text : `${former}, ${text}`);
  }
  return Object.fromEntries(shown);
}

/** `/v1/models?key=[REDACTED]`; a parameter without a name might be a credential itself and is cut whole. */
function redactQuery(path: string): string {
  const start = path.indexOf('?') + 1;
  if (start === 0) return path;
  const parameters = path.slice(start).split('&');
  return path.slice(0, start) + parameters.map(redactParameter).join('&');
}

function redactParameter(parameter: string): string {
  if (parameter === '') return '';
  return parameter.slice(0, parameter.indexOf('=') + 1) + REDACTED;
}
