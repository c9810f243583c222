/** Whole answers up to this size are kept and read exactly. */
const MAX_KEPT_BYTES = 1 << 20;
/** Of larger ones the end is kept, where every provider writes `usage`. */
const TAIL_BYTES = 64 << 10;
const EMPTY_OBJECT = Buffer.from('{}');

/** A JSON answer that may come in pieces, kept for reading its usage in bounded memory. */
export class KeptBody {
  #parts: Uint8Array[] = [];
  #keptBytes = 0;
  #isCut = false;

  /** The chunk must stay as it is until `take`. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#parts.push(chunk);
    this.#keptBytes += chunk.length;
    if (this.#keptBytes <= MAX_KEPT_BYTES && !this.#isCut) return;
    this.#isCut = true;
    while (this.#parts.length > 1 && this.#keptBytes - this.#parts[0]!.length >= TAIL_BYTES) {
      this.#keptBytes -= this.#parts.shift()!.length;
    }
  }

  /** The answer, or of a large one an object of its last members from `usage` on. */
  take(): Uint8Array {
    const kept = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#keptBytes = 0;
    // Always the same tail, however the answer was cut.
    return this.#isCut ? usageTail(kept.subarray(-TAIL_BYTES)) : kept;
  }
}

/** As much as a model name and its key may take. */
const MODEL_BYTES_MAX = 1024;
const MODEL_MEMBER = /^"model"\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*$/;

/**
 * The last members of a cut object, from `usage` on, with `model` when it stands right before. The last occurrence of the
 * key is the member itself: inside a string its quotes would be escaped.
 */
function usageTail(tail: Uint8Array): Uint8Array {
  const bytes = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength);
  const usage = bytes.lastIndexOf('"usage"');
  if (usage === -1) return EMPTY_OBJECT;
  const model = bytes.lastIndexOf('"model"', usage);
  const isNext =
    model !== -1 && usage - model <= MODEL_BYTES_MAX && MODEL_MEMBER.test(bytes.toString('utf8', model, usage));
  return Buffer.concat([Buffer.from('{'), bytes.subarray(isNext ? model : usage)]);
}
