import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own that goes away on `remove`. Its path is short enough for a Unix socket inside (108 bytes). */
export class TemporaryDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'aigw-t-'));

  file(name: string): string {
    return join(this.path, name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
