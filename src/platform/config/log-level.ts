export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Numbers of Go's slog levels, which `-logLevel` speaks. */
const SLOG_LEVELS: ReadonlyMap<string, number> = new Map([
  ['trace', -4], // Named by the Helm chart; there is nothing finer than debug.
  ['debug', -4],
  ['info', 0],
  ['warn', 4],
  ['error', 8],
  ['fatal', 8], // Named by the Helm chart, like `panic`; nothing is logged above error.
  ['panic', 8],
]);

/**
 * The lowest level that is written, of `debug`, `info`, `warn`, `error` in any case, also with an offset in Go's syntax:
 * `info+1` lets only warnings and above through. Undefined for other text. @see spec extproc.md section 1.1, ops.md I1 row 12
 */
export function parseLogLevel(text: string): LogLevel | undefined {
  const match = /^(?<name>[a-z]+)(?<offset>[+-]\d{1,9})?$/i.exec(text);
  const base = SLOG_LEVELS.get(match?.groups?.['name']?.toLowerCase() ?? '');
  if (base === undefined) return undefined;
  const threshold = base + Number(match?.groups?.['offset'] ?? 0);
  if (threshold <= -4) return 'debug';
  if (threshold <= 0) return 'info';
  if (threshold <= 4) return 'warn';
  return threshold <= 8 ? 'error' : 'silent';
}

/** Names of zap's levels, which `-logLevel` of the controller speaks; nothing is logged above error. */
const ZAP_LEVELS: ReadonlyMap<string, LogLevel> = new Map([
  ['debug', 'debug'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['error', 'error'],
  ['dpanic', 'error'],
  ['panic', 'error'],
  ['fatal', 'error'],
]);

/** @see spec ops.md D1 */
export const parseZapLevel = (text: string): LogLevel | undefined => ZAP_LEVELS.get(text.toLowerCase());
