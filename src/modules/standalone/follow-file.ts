import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

const INTERVAL_MS = 200;
const CHUNK_BYTES = 64 * 1_024;

/**
 * Passes on a file and what is appended to it, whole lines only; a line without end is cut at 64 KiB. Returns the
 * function that ends it: it resolves when everything that was written before is passed on.
 */
export function followFile(path: string, onLine: (line: string) => void): () => Promise<void> {
  const follower = new FileFollower(path, onLine);
  const timer = setInterval(() => void follower.read(), INTERVAL_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await follower.read();
  };
}

class FileFollower {
  readonly #path: string;
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #offset = 0;
  #rest = '';
  #reading: Promise<void> = Promise.resolve();

  constructor(path: string, onLine: (line: string) => void) {
    this.#path = path;
    this.#onLine = onLine;
  }

  /** Reads to the end of the file, after what is being read already. Never rejects. */
  read(): Promise<void> {
    // The file may not be there yet, or not any more.
    this.#reading = this.#reading.then(() => this.#readOn()).catch(() => undefined);
    return this.#reading;
  }

  async #readOn(): Promise<void> {
    const file = await open(this.#path, 'r');
    try {
      // It was emptied.
      if ((await file.stat()).size < this.#offset) this.#offset = 0;
      const buffer = Buffer.alloc(CHUNK_BYTES);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        this.#take(this.#decoder.write(buffer.subarray(0, bytesRead)));
      }
    } finally {
      await file.close();
    }
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-CHUNK_BYTES);
    for (const line of lines) this.#onLine(line);
  }
}
