/** `random` gives a number from 0 up to 1. */
export interface RetryLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Doubles with each failure up to the maximum; between half of it and all, so that many do not come back together. */
export function retryDelayMs(failures: number, { firstMs, maxMs }: RetryLimits, random: number): number {
  // 2 ** 1024 is no number any more.
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 50));
  return full * (0.5 + random / 2);
}
