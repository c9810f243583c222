import { open, stat } from 'node:fs/promises';

const INTERVAL_MS = 200;
const CHUNK_BYTES = 64 * 1_024;

/** Passes on what is appended to a file from now on, whole lines only. Returns the function that ends it. */
export function followFile(path: string, onLine: (line: string) => void): () => void {
  let offset = 0;
  let rest = '';
  let isReading = false;
  const read = async (): Promise<void> => {
    const { size } = await stat(path);
    if (size < offset) offset = 0;
    if (size === offset) return;
    const file = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, offset);
      offset += bytesRead;
      const lines = (rest + buffer.toString('utf8', 0, bytesRead)).split('\n');
      rest = (lines.pop() ?? '').slice(-CHUNK_BYTES);
      for (const line of lines) onLine(line);
    } finally {
      await file.close();
    }
  };
  const timer = setInterval(() => {
    if (isReading) return;
    isReading = true;
    // The file may not be there yet.
    read()
      .catch(() => undefined)
      .finally(() => (isReading = false));
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
