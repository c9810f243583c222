import { setTimeout as delay } from 'node:timers/promises';

/** Resolves after the time, or at once when the signal ends it. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
