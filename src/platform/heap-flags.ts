/**
 * The processor's garbage lives for one request: a small young generation, an old one that grows slowly and one malloc
 * arena hold it at 140 MiB instead of 340 MiB under load (docs/decisions/0002). V8 takes the first of these at start only.
 */
export const HEAP_GROWING_PERCENT = 50;
const HEAP_FLAGS = ['--max-semi-space-size=4', `--heap-growing-percent=${HEAP_GROWING_PERCENT}`];
const HEAP_ENVIRONMENT = { MALLOC_ARENA_MAX: '1' };

/** Starts this process anew with the heap flags, in place (same pid, files and signals); returns when it has them. */
export function restartWithHeapFlags(): void {
  const isSet = process.execArgv.some((flag) => flag.startsWith('--max-semi-space-size'));
  if (isSet || process.execve === undefined) return;
  const args = [process.execPath, ...HEAP_FLAGS, ...process.execArgv, ...process.argv.slice(1)];
  process.execve(process.execPath, args, { ...HEAP_ENVIRONMENT, ...process.env });
}

/** False where somebody chose the flags of this process; they stay as they are then. */
export function hasHeapFlags(): boolean {
  return HEAP_FLAGS.every((flag) => process.execArgv.includes(flag));
}
