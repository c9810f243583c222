const NEWLINE = 0x0a;

/**
 * Splits a byte stream into lines without copying what was seen already. Lines may be cut anywhere, also inside a
 * character.
 */
export class JsonLines {
  readonly #lineBytesMax: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Every line that the chunk completes, without its end; empty lines are left out. Throws when a line is too long. */
  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const tail = chunk.subarray(start, end);
      start = end + 1;
      const line =
        this.#parts.length === 0 ? tail.toString('utf8') : Buffer.concat([...this.#parts, tail]).toString('utf8');
      this.#parts = [];
      this.#bytes = 0;
      if (line !== '') yield line;
    }
    if (start === chunk.length) return;
    this.#parts.push(start === 0 ? chunk : chunk.subarray(start));
    this.#bytes += chunk.length - start;
    if (this.#bytes > this.#lineBytesMax) throw new Error(`a line is longer than ${this.#lineBytesMax} bytes`);
  }
}
