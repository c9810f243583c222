import { GrpcError, grpcStatus } from '../../../platform/grpc/status.js';

/** Wire types of protobuf. @see https://protobuf.dev/programming-guides/encoding/ */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const malformed = (what: string) => new GrpcError(grpcStatus.internal, `malformed protobuf message: ${what}`);

/**
 * Reads one protobuf message out of a buffer, field by field, without copying.
 *
 *   while (reader.next()) switch (reader.field) { case 1: … = reader.bytes(); break; default: reader.skip(); }
 */
export class ProtobufReader {
  /** Number of the current field. */
  field = 0;
  type = 0;
  /** Where the bytes of the field lie that `span` read last. */
  start = 0;
  stop = 0;
  #at: number;
  #end: number;

  constructor(
    readonly buffer: Buffer,
    start = 0,
    end = buffer.length,
  ) {
    this.#at = start;
    this.#end = end;
  }

  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.varint();
    this.field = tag >>> 3;
    this.type = tag & 7;
    return true;
  }

  /** A varint below 2^53; larger ones lose precision, which no field that we read can hold. */
  varint(): number {
    let result = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= this.#end) throw malformed('a number is cut');
      const byte = this.buffer[this.#at++]!;
      result += (byte & 0x7f) * scale;
      if (byte < 0x80) return result;
      scale *= 128;
    }
    throw malformed('a number has more than 10 bytes');
  }

  double(): number {
    const start = this.#take(8);
    return this.buffer.readDoubleLE(start);
  }

  /** A reader of the embedded message. */
  message(): ProtobufReader {
    this.span();
    return new ProtobufReader(this.buffer, this.start, this.stop);
  }

  /** Goes on inside the embedded message; the result is for `leave`. For messages that are many and small. */
  enter(): number {
    this.span();
    const outerEnd = this.#end;
    this.#at = this.start;
    this.#end = this.stop;
    return outerEnd;
  }

  /** Goes on behind the message that `enter` went into. */
  leave(outerEnd: number): void {
    this.#at = this.#end;
    this.#end = outerEnd;
  }

  bytes(): Buffer {
    this.span();
    return this.buffer.subarray(this.start, this.stop);
  }

  string(): string {
    this.span();
    return this.buffer.toString('utf8', this.start, this.stop);
  }

  /** Reads a field of bytes, text or a message: `start` and `stop` tell where it lies. */
  span(): void {
    if (this.type !== wireType.bytes) throw malformed(`field ${this.field} has wire type ${this.type}`);
    const size = this.varint();
    this.start = this.#take(size);
    this.stop = this.start + size;
  }

  skip(): void {
    switch (this.type) {
      case wireType.varint:
        this.varint();
        return;
      case wireType.fixed64:
        this.#take(8);
        return;
      case wireType.bytes:
        this.span();
        return;
      case wireType.fixed32:
        this.#take(4);
        return;
      default:
        throw malformed(`field ${this.field} has wire type ${this.type}`);
    }
  }

  #take(size: number): number {
    const start = this.#at;
    if (size > this.#end - start) throw malformed(`field ${this.field} is cut`);
    this.#at = start + size;
    return start;
  }
}
