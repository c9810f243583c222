import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';

/**
 * File-system events of one directory, not of those below it. A replaced or deleted directory takes its events along,
 * so `arm` is to be called now and then; polling covers the time in between.
 */
export class DirectoryWatch {
  #watcher: FSWatcher | undefined;
  #inode: number | undefined;
  #isClosed = false;

  constructor(
    private readonly directory: string,
    /** `name` of the entry that changed, where the system tells. */
    private readonly onChange: (name: string | null) => void,
  ) {}

  get isActive(): boolean {
    return this.#watcher !== undefined;
  }

  /** Watches the directory that is now at the path. Idempotent; never throws: without events there is the polling. */
  async arm(): Promise<void> {
    const inode = await stat(this.directory).then(
      (found) => found.ino,
      () => undefined,
    );
    if (this.#isClosed || (inode === this.#inode && this.#watcher)) return;
    this.#drop();
    if (inode === undefined) return;
    try {
      const watcher = watch(this.directory, { persistent: false }, (_event, name) => this.onChange(name));
      watcher.on('error', () => this.#drop());
      this.#watcher = watcher;
      this.#inode = inode;
    } catch {
      // No inotify handles left: the next call tries again.
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  #drop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#inode = undefined;
  }
}
