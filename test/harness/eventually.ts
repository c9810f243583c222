import { setTimeout as delay } from 'node:timers/promises';

/** Long enough for a busy machine, short enough that a hanging test says why before jest gives up on it. */
export const DEADLINE_MS = 10_000;
const INTERVAL_MS = 15;

/**
 * Asks again and again until `probe` gives something other than undefined or false, and returns that. For states that
 * announce themselves by no event. Throws with the probe's last error as cause when the deadline passes.
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  let cause: unknown;
  do {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      cause = error;
    }
    await delay(INTERVAL_MS);
  } while (performance.now() < endMs);
  throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause });
}

/** The promise, unless the deadline passes first: then throws and says what was awaited. */
export async function within<T>(what: string, promise: Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${deadlineMs} ms: ${what}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
