import { copyFile, stat, truncate } from 'node:fs/promises';

const INTERVAL_MS = 10_000;

/**
 * Empties a file that others append to once it is larger than the bound, after copying it to `<path>.1`; so about twice
 * the bound is kept. Lines that come in between are lost. For files that are open for appending, such as Envoy's
 * standard output, which cannot be moved away. True when it was emptied.
 */
export async function emptyWhenLarge(path: string, sizeMaxBytes: number): Promise<boolean> {
  const size = await stat(path).then(
    (facts) => facts.size,
    () => 0,
  );
  if (size <= sizeMaxBytes) return false;
  await copyFile(path, `${path}.1`);
  await truncate(path);
  return true;
}

/** Looks every 10 s. Returns the function that ends it. */
export function keepBounded(paths: readonly string[], sizeMaxBytes: number): () => void {
  const timer = setInterval(() => {
    // A disk that is full or gone is not for us to mend.
    for (const path of paths) emptyWhenLarge(path, sizeMaxBytes).catch(() => undefined);
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
