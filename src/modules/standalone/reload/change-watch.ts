import { watch, type FSWatcher } from 'node:fs';

export interface ChangeWatchOptions {
  /** Asked again after each change: files may name others. */
  readonly directories: () => readonly string[];
  /** Called for one change or several together, never twice at once. Must not reject. */
  readonly onChange: () => Promise<void>;
  readonly debounceMs?: number;
  readonly pollMs?: number;
}

/** Gathers the events of one save; editors write, rename and touch in turns. */
const DEBOUNCE_MS = 40;
/** Sees what file systems do not tell: network mounts, directories that came later. */
const POLL_MS = 2_000;

/** Calls back after changes in directories. What changed, and whether anything did, is for the callee to find out. */
export class ChangeWatch {
  readonly #options: ChangeWatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #debounce: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isAgain = false;
  #isClosed = false;

  constructor(options: ChangeWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#arm();
    this.#poll = setInterval(() => this.#changed(), this.#options.pollMs ?? POLL_MS);
    this.#poll.unref();
  }

  /** Resolves when no call is under way any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#debounce);
    clearInterval(this.#poll);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    await this.#running;
  }

  #arm(): void {
    const wanted = new Set(this.#options.directories());
    for (const [directory, watcher] of this.#watchers) {
      if (wanted.has(directory)) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    for (const directory of wanted) if (!this.#watchers.has(directory)) this.#watchOne(directory);
  }

  #watchOne(directory: string): void {
    const forget = (): void => {
      this.#watchers.get(directory)?.close();
      this.#watchers.delete(directory);
    };
    try {
      const watcher = watch(directory, { persistent: false }, () => {
        this.#debounce ??= setTimeout(() => {
          this.#debounce = undefined;
          this.#changed();
        }, this.#options.debounceMs ?? DEBOUNCE_MS);
      });
      watcher.on('error', forget);
      this.#watchers.set(directory, watcher);
    } catch {
      // Gone, or out of watches: the poll goes on, and tries again.
    }
  }

  #changed(): void {
    if (this.#isClosed) return;
    if (this.#running) {
      this.#isAgain = true;
      return;
    }
    this.#running = this.#options.onChange().finally(() => {
      this.#running = undefined;
      if (this.#isClosed) return;
      this.#arm();
      if (!this.#isAgain) return;
      this.#isAgain = false;
      this.#changed();
    });
  }
}
