import { destination, pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import { UserFacingError } from '../../shared/errors.js';
import type { ExtprocSettings } from '../config/extproc-settings.js';
import { formatSlogText, type LogRecord } from './slog-text.js';

export type LoggerSettings = Pick<ExtprocSettings, 'logLevel' | 'logFormat'>;

/** Levels in the words of slog, which has nothing below debug and nothing above error. */
const LEVEL_NAMES: Readonly<Record<string, string>> = { trace: 'DEBUG', fatal: 'ERROR' };

/**
 * The logger of the process: slog-style text or JSON lines on stderr. A level that is off costs one empty call; guard
 * fields that are costly to build with `logger.isLevelEnabled('debug')`. Errors go under `error`.
 * @see spec extproc.md section 19
 */
export function createLogger({ logLevel, logFormat }: LoggerSettings, output: DestinationStream = stderr()): Logger {
  const stream =
    logFormat === 'json'
      ? output
      : { write: (line: string) => output.write(formatSlogText(JSON.parse(line) as LogRecord)) };
  return pino(
    {
      level: logLevel,
      base: null,
      errorKey: 'error',
      // nestjs-pino passes errors under pino's default key.
      serializers: { error: errorText, err: errorText },
      formatters: { level: (name) => ({ level: LEVEL_NAMES[name] ?? name.toUpperCase() }) },
      timestamp: stdTimeFunctions.isoTime,
    },
    stream,
  );
}

/** Synchronous, so that the last line before the end of the process is not lost. */
const stderr = () => destination({ fd: 2, sync: true });

/** Bounds a chain of causes, which may be circular. */
const CAUSES_MAX = 5;

/** Errors that explain themselves are shown by their message, all others with their stack; causes follow. */
function errorText(error: unknown): unknown {
  const parts: string[] = [];
  for (let cause: unknown = error; cause instanceof Error && parts.length < CAUSES_MAX; cause = cause.cause) {
    parts.push(cause instanceof UserFacingError ? cause.message : (cause.stack ?? String(cause)));
  }
  return parts.length > 0 ? parts.join('\ncaused by: ') : error;
}
