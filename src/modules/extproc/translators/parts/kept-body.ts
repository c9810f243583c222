import { lastUsageMember, USAGE_TAIL_BYTES } from '../../codec/usage-tail.js';

/** Whole answers up to this size are kept and read exactly; of larger ones the end is kept. */
const MAX_KEPT_BYTES = 1 << 20;
/** Smaller chunks are copied together: an object for each would cost more memory than the bytes. */
const OWN_PART_BYTES_MIN = 4 << 10;

/** A JSON answer that may come in pieces, kept for reading its usage in bounded memory. */
export class KeptBody {
  #parts: Uint8Array[] = [];
  /** Small chunks behind the last part; grows by doubling. */
  #open = Buffer.alloc(0);
  #openBytes = 0;
  #keptBytes = 0;
  #isCut = false;

  /** The chunk must stay as it is until `take`. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (chunk.length < OWN_PART_BYTES_MIN) {
      this.#append(chunk);
    } else {
      this.#closePart();
      this.#parts.push(chunk);
    }
    this.#keptBytes += chunk.length;
    if (this.#keptBytes <= MAX_KEPT_BYTES && !this.#isCut) return;
    this.#isCut = true;
    // Only once as much has come again: each byte is copied a constant number of times.
    if (this.#keptBytes < 2 * USAGE_TAIL_BYTES) return;
    this.#closePart();
    this.#parts = [Buffer.from(Buffer.concat(this.#parts).subarray(-USAGE_TAIL_BYTES))];
    this.#keptBytes = USAGE_TAIL_BYTES;
  }

  /** The answer, or of a large one an object of its last members from `usage` on; no bytes when these lack it. */
  take(): Uint8Array {
    this.#closePart();
    const kept = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#keptBytes = 0;
    // Always the same tail, however the answer was cut.
    return this.#isCut ? usageTail(kept.subarray(-USAGE_TAIL_BYTES)) : kept;
  }

  #append(chunk: Uint8Array): void {
    const length = this.#openBytes + chunk.length;
    if (length > this.#open.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#open.length * 2, OWN_PART_BYTES_MIN));
      grown.set(this.#open.subarray(0, this.#openBytes));
      this.#open = grown;
    }
    this.#open.set(chunk, this.#openBytes);
    this.#openBytes = length;
  }

  #closePart(): void {
    if (this.#openBytes === 0) return;
    this.#parts.push(this.#open.subarray(0, this.#openBytes));
    this.#open = Buffer.alloc(0);
    this.#openBytes = 0;
  }
}

/** As much as a model name and its key may take. */
const MODEL_BYTES_MAX = 1024;
const MODEL_MEMBER = /^"model"\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*$/;

/** The last members of a cut object, from `usage` on, with `model` when it stands right before. */
function usageTail(tail: Uint8Array): Uint8Array {
  const bytes = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength);
  const usage = lastUsageMember(bytes)?.key;
  if (usage === undefined) return Buffer.alloc(0);
  const model = bytes.lastIndexOf('"model"', usage);
  const isNext =
    model !== -1 && usage - model <= MODEL_BYTES_MAX && MODEL_MEMBER.test(bytes.toString('utf8', model, usage));
  return Buffer.concat([Buffer.from('{'), bytes.subarray(isNext ? model : usage)]);
}
