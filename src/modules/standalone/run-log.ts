import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatSlogText } from '../../platform/logging/slog-text.js';

export type RunLogLevel = 'INFO' | 'WARN' | 'ERROR';

/** The log of a run: state changes only, a few lines a minute at most. What people wait for is told on the terminal too. */
export class RunLog {
  readonly #path: string;

  /** Empties the file and makes its directory. */
  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, '', { mode: 0o600 });
  }

  write(level: RunLogLevel, msg: string): void {
    appendFileSync(this.#path, formatSlogText({ time: new Date().toISOString(), level, msg }));
  }
}
