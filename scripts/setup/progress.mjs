// The bootstrap files in scripts/setup run before anything is installed: Node >= 20, built-ins only.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');
export const BIN = join(ROOT, 'node_modules', '.bin');
/** Node 24 from the package `node-<platform>`, or the running one where no such package exists for the platform. */
export const node = () => (existsSync(join(BIN, 'node')) ? join(BIN, 'node') : process.execPath);

export const say = (text) => process.stderr.write(`[setup] ${text}\n`);

/** Ends the process with a reason and the way out; for conditions that only the user can change. */
export function fail(reason, remedy) {
  process.stderr.write(`[setup] error: ${reason}\n${remedy ? `        ${remedy}\n` : ''}`);
  process.exit(1);
}

/** What this machine cannot provide: the reason, and what its user can do about it. Only some tests need it. */
export class Unavailable extends Error {
  constructor(reason, remedy) {
    super(reason);
    this.remedy = remedy;
  }
}

/** Runs one set-up step. Its output is shown only when it fails, so that a normal start stays readable. */
export function step(title, command, args, options = {}) {
  try {
    return tryStep(title, command, args, options);
  } catch (error) {
    if (error instanceof Unavailable) fail(error.message);
    throw error;
  }
}

/** As `step`, for what only some tests need: throws `Unavailable` when the command fails. */
export function tryStep(title, command, args, options = {}) {
  const startedMs = Date.now();
  say(`${title} …`);
  const result = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 << 20, ...options });
  if (result.status !== 0) {
    process.stderr.write(
      `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ? `${result.error.message}\n` : ''}`,
    );
    throw new Unavailable(
      `${title}: "${[command, ...args].join(' ')}" ended with ${result.status ?? result.signal ?? result.error?.code}`,
    );
  }
  say(`${title}: done in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
  return result.stdout;
}

export const readText = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
