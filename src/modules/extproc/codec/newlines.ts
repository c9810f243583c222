const LF = 0x0a;
const CR = 0x0d;

/** Turns CR and CRLF into LF in bytes that arrive in pieces; a CRLF that is cut in two becomes one LF as well. */
export class NewlineNormalizer {
  #endsWithCr = false;

  /** A view of the chunk where it holds no CR, as is usual: JSON has no raw ones. */
  push(chunk: Uint8Array): Buffer {
    let bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    if (bytes.length === 0) return bytes;
    if (this.#endsWithCr && bytes[0] === LF) bytes = bytes.subarray(1);
    this.#endsWithCr = chunk.at(-1) === CR;
    let cr = bytes.indexOf(CR);
    if (cr === -1) return bytes;
    const out = Buffer.allocUnsafe(bytes.length);
    let [length, start] = [0, 0];
    while (cr !== -1) {
      if (cr > start) length += bytes.copy(out, length, start, cr);
      out[length++] = LF;
      start = cr + (bytes[cr + 1] === LF ? 2 : 1);
      // The next line is blank at the end of each event: one look is cheaper than a native search.
      cr = bytes[start] === CR ? start : bytes.indexOf(CR, start);
    }
    return out.subarray(0, length + bytes.copy(out, length, start));
  }
}
