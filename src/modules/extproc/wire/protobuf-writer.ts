/**
 * Pieces of one protobuf message in order, joined once at the end; nested messages are built first, so that their length
 * is known. Only what our answers need.
 */
export class ProtobufWriter {
  readonly #pieces: Uint8Array[] = [];
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Adds a field of wire type 2: bytes, or a message that is encoded already. */
  bytes(field: number, value: Uint8Array): this {
    this.#add(lengthPrefix(field, value.length));
    this.#add(value);
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  message(field: number, value: ProtobufWriter): this {
    this.#add(lengthPrefix(field, value.sizeBytes));
    for (const piece of value.#pieces) this.#add(piece);
    return this;
  }

  /** Adds a varint field; `value` is a non-negative safe integer. */
  varint(field: number, value: number): this {
    const out: number[] = [];
    pushVarint(out, field << 3);
    pushVarint(out, value);
    this.#add(Uint8Array.from(out));
    return this;
  }

  bool(field: number, value: boolean): this {
    return this.varint(field, value ? 1 : 0);
  }

  double(field: number, value: number): this {
    const piece = Buffer.allocUnsafe(9);
    piece[0] = (field << 3) | 1;
    piece.writeDoubleLE(value, 1);
    this.#add(piece);
    return this;
  }

  /** All pieces in one buffer, after `reserveBytes` bytes for the caller. */
  toBuffer(reserveBytes = 0): Buffer {
    const joined = Buffer.allocUnsafe(reserveBytes + this.#sizeBytes);
    let at = reserveBytes;
    for (const piece of this.#pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  }

  #add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#sizeBytes += piece.length;
  }
}

function lengthPrefix(field: number, length: number): Uint8Array {
  const out: number[] = [];
  pushVarint(out, (field << 3) | 2);
  pushVarint(out, length);
  return Uint8Array.from(out);
}

function pushVarint(out: number[], value: number): void {
  let rest = value;
  while (rest > 0x7f) {
    out.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}
