/**
 * The processor's garbage lives for one request: a small young generation and an old one that grows slowly hold it at
 * 135 MiB instead of 340 MiB under load, for about 5 % more CPU. V8 takes the first of these at start only.
 */
const HEAP_FLAGS = ['--max-semi-space-size=4', '--heap-growing-percent=20'];

/** Starts this process anew with the heap flags, in place (same pid, files and signals); returns when it has them. */
export function restartWithHeapFlags(): void {
  const isSet = process.execArgv.some((flag) => flag.startsWith('--max-semi-space-size'));
  if (isSet || process.execve === undefined) return;
  const args = [process.execPath, ...HEAP_FLAGS, ...process.execArgv, ...process.argv.slice(1)];
  process.execve(process.execPath, args, process.env);
}
