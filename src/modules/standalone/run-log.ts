import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatSlogText } from '../../platform/logging/slog-text.js';
import type { Terminal } from './terminal.js';

export type RunLogLevel = 'INFO' | 'WARN' | 'ERROR';

/** The log of a run: state changes only, a few lines a minute at most. On the terminal as well with `--debug`. */
export class RunLog {
  readonly #path: string;
  readonly #echo: Terminal | undefined;

  /** Empties the file and makes its directory. */
  constructor(path: string, echo?: Terminal) {
    this.#path = path;
    this.#echo = echo;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, '', { mode: 0o600 });
  }

  write(level: RunLogLevel, msg: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const line = formatSlogText({ time: new Date().toISOString(), level, msg, ...fields });
    appendFileSync(this.#path, line);
    this.#echo?.err(line);
  }
}
