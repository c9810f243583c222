import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LOG_FILE } from './settings/run-settings.js';

/** Where the runs of one user lie, each in a directory with its id as name. */
export interface RunDirectories {
  readonly states: string;
  readonly runtimes: string;
}

/**
 * Removes what old runs left, all but the newest `keep` and those that still serve. What is no run stays. Returns the
 * ids that were removed.
 */
export async function removeOldRuns(
  { states, runtimes }: RunDirectories,
  keep: number,
  serves: (id: string) => Promise<boolean>,
): Promise<string[]> {
  const runs: { readonly id: string; readonly modifiedMs: number }[] = [];
  for (const id of await readdir(states)) {
    const log = await stat(join(states, id, LOG_FILE)).catch(() => undefined);
    if (log) runs.push({ id, modifiedMs: log.mtimeMs });
  }
  const removed: string[] = [];
  for (const { id } of runs.toSorted((a, b) => b.modifiedMs - a.modifiedMs).slice(keep)) {
    if (await serves(id)) continue;
    // A run that was killed leaves its runtime directory too.
    for (const parent of [states, runtimes]) await rm(join(parent, id), { recursive: true, force: true });
    removed.push(id);
  }
  return removed;
}
