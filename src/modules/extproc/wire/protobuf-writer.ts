const MIN_BYTES = 512;
/** A buffer doubles up to here and grows by this much beyond: a large body must not take its size again. */
const GROWTH_BYTES_MAX = 1 << 20;

/**
 * Writes one protobuf message from its end to its beginning, so that the length of a nested message is known when its
 * prefix is due: no sizes are computed beforehand and nothing is copied twice. Callers add fields in reverse order.
 *
 *   const end = writer.mark();  writer.string(2, 'b');  writer.string(1, 'a');  writer.message(7, end);
 */
export class ReverseProtobufWriter {
  #buffer: Buffer;
  /** Everything from here on is written. */
  #at: number;

  /** `expectedBytes`: a guess that saves growing, e.g. the size of the body that goes in. */
  constructor(expectedBytes = 0) {
    this.#buffer = Buffer.allocUnsafe(expectedBytes + MIN_BYTES);
    this.#at = this.#buffer.length;
  }

  /** Bytes written so far: where a nested message that is begun now will end. */
  mark(): number {
    return this.#buffer.length - this.#at;
  }

  /** Closes the nested message that was begun at `mark`. */
  message(field: number, mark: number): void {
    this.#lengthPrefix(field, this.mark() - mark);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#reserve(value.length);
    this.#at -= value.length;
    this.#buffer.set(value, this.#at);
    this.#lengthPrefix(field, value.length);
  }

  string(field: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.#reserve(length);
    this.#at -= length;
    this.#buffer.write(value, this.#at, 'utf8');
    this.#lengthPrefix(field, length);
  }

  /** `value` is a non-negative safe integer. */
  varint(field: number, value: number): void {
    this.#varint(value);
    this.#varint(field << 3);
  }

  double(field: number, value: number): void {
    this.#reserve(8);
    this.#at -= 8;
    this.#buffer.writeDoubleLE(value, this.#at);
    this.#varint((field << 3) | 1);
  }

  /** The message, with `reserveBytes` unwritten bytes before it. The writer must not be used again. */
  finish(reserveBytes = 0): Buffer {
    this.#reserve(reserveBytes);
    return this.#buffer.subarray(this.#at - reserveBytes);
  }

  #lengthPrefix(field: number, length: number): void {
    this.#varint(length);
    this.#varint((field << 3) | 2);
  }

  #varint(value: number): void {
    this.#reserve(8);
    if (value < 0x80) {
      this.#buffer[--this.#at] = value;
      return;
    }
    let groups = 1;
    for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) groups++;
    this.#at -= groups;
    let rest = value;
    for (let i = 0; i < groups; i++) {
      this.#buffer[this.#at + i] = (rest % 128) | (i < groups - 1 ? 0x80 : 0);
      rest = Math.floor(rest / 128);
    }
  }

  #reserve(bytes: number): void {
    if (this.#at >= bytes) return;
    const written = this.mark();
    const needed = written + bytes;
    const grown = Buffer.allocUnsafe(needed + Math.min(needed, GROWTH_BYTES_MAX));
    this.#buffer.copy(grown, grown.length - written, this.#at);
    this.#buffer = grown;
    this.#at = grown.length - written;
  }
}
