import { GrpcError, grpcStatus } from './status.js';

/** Compressed flag (1) and length (4, big endian). @see gRPC over HTTP/2, "Length-Prefixed-Message" */
export const FRAME_PREFIX_BYTES = 5;

/**
 * Cuts a byte stream into gRPC messages (1 byte compressed flag, 4 bytes length, payload).
 * A message that lies in one chunk is handed out as a view of it; one that spans chunks is joined once when complete.
 */
export class MessageDeframer {
  #parts: Buffer[] = [];
  #bufferedBytes = 0;
  /** Bytes of the message under way, prefix included; undefined until its prefix is complete. */
  #wantedBytes: number | undefined;

  constructor(private readonly maxMessageBytes: number) {}

  /** True when the stream may end here without having cut a message. */
  get isAtBoundary(): boolean {
    return this.#bufferedBytes === 0;
  }

  /** Calls `onMessage` for each message that the chunk completes. Throws GrpcError on compression or size. */
  push(chunk: Buffer, onMessage: (message: Buffer) => void): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#bufferedBytes === 0 && rest.length >= FRAME_PREFIX_BYTES) {
        const total = FRAME_PREFIX_BYTES + this.#payloadBytes(rest);
        if (rest.length >= total) {
          onMessage(rest.subarray(FRAME_PREFIX_BYTES, total));
          rest = rest.subarray(total);
          continue;
        }
        this.#wantedBytes = total;
      }
      rest = this.#append(rest, onMessage);
    }
  }

  #append(chunk: Buffer, onMessage: (message: Buffer) => void): Buffer {
    const wanted = this.#wantedBytes ?? FRAME_PREFIX_BYTES;
    const taken = chunk.subarray(0, wanted - this.#bufferedBytes);
    this.#parts.push(taken);
    this.#bufferedBytes += taken.length;
    if (this.#bufferedBytes === wanted) {
      const joined = this.#parts.length === 1 ? taken : Buffer.concat(this.#parts, this.#bufferedBytes);
      if (this.#wantedBytes === undefined) {
        this.#parts = [joined];
        this.#wantedBytes = FRAME_PREFIX_BYTES + this.#payloadBytes(joined);
        if (this.#wantedBytes > FRAME_PREFIX_BYTES) return chunk.subarray(taken.length);
      }
      this.#parts = [];
      this.#bufferedBytes = 0;
      this.#wantedBytes = undefined;
      onMessage(joined.subarray(FRAME_PREFIX_BYTES));
    }
    return chunk.subarray(taken.length);
  }

  #payloadBytes(prefix: Buffer): number {
    if (prefix[0] !== 0) {
      throw new GrpcError(grpcStatus.unimplemented, 'compressed gRPC messages are not supported');
    }
    const sizeBytes = prefix.readUInt32BE(1);
    if (sizeBytes > this.maxMessageBytes) {
      throw new GrpcError(
        grpcStatus.resourceExhausted,
        `received message of ${sizeBytes} bytes, at most ${this.maxMessageBytes} are accepted`,
      );
    }
    return sizeBytes;
  }
}

/** Writes the 5-byte prefix into a frame whose payload starts at byte 5. */
export function writeFramePrefix(frame: Buffer): Buffer {
  frame[0] = 0;
  frame.writeUInt32BE(frame.length - FRAME_PREFIX_BYTES, 1);
  return frame;
}
