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
    if (!bytes.includes(CR)) return bytes;
    const out = Buffer.allocUnsafe(bytes.length);
    let length = 0;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index]!;
      out[length++] = byte === CR ? LF : byte;
      if (byte === CR && bytes[index + 1] === LF) index++;
    }
    return out.subarray(0, length);
  }
}
