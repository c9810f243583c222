import { crc32 } from 'node:zlib';
import { FramingError } from './framing-error.js';
import { GrowingBuffer } from './growing-buffer.js';

/** A message that says to be larger is refused. */
export const AWS_MESSAGE_BYTES_MAX = 8 << 20;

/** Total length, headers length and the checksum of both. */
const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
const PRELUDE_CRC_OFFSET = PRELUDE_BYTES - CRC_BYTES;
const MESSAGE_BYTES_MIN = PRELUDE_BYTES + CRC_BYTES;

/** What each byte makes of a CRC-32. @see https://www.w3.org/TR/png-3/#D-CRCAppendix */
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

const STRING_TYPE = 7;
/** Bytes of a header value by its type; 6 and 7 have a length before them. */
const VALUE_BYTES: readonly (number | 'has length')[] = [0, 0, 1, 2, 4, 8, 'has length', 'has length', 8, 16];

/** One message; header values that are absent, or no strings, are ''. */
export interface AwsEventMessage {
  /** `event`, `exception` or `error`. */
  readonly messageType: string;
  readonly eventType: string;
  /** Set when the message type is `exception`. */
  readonly exceptionType: string;
  /** These two are set when the message type is `error`. */
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly contentType: string;
  /** Valid during the call only. */
  readonly payload: Buffer;
}

type Headers = Omit<AwsEventMessage, 'payload'>;

/**
 * Bytes of `application/vnd.amazon.eventstream` to its messages. Any cut of the bytes gives the same messages, each as soon
 * as its last byte is there. After an error, its own or one of `onMessage`, the decoder must not be used again.
 * @see spec translators.md 2.6; https://smithy.io/2.0/aws/amazon-eventstream.html
 */
export class AwsEventStreamDecoder {
  /** The beginning of a message that has not arrived whole. */
  readonly #open = new GrowingBuffer();
  /** Length of that message; 0 while its prelude is not there. */
  #openTotalBytes = 0;
  /** Of the message before: nearly all messages of a stream have the same ones. */
  #headerBytes: Buffer = Buffer.alloc(0);
  #headers: Headers = readHeaders(this.#headerBytes);

  constructor(private readonly onMessage: (message: AwsEventMessage) => void) {}

  /**
   * The chunk may be reused after return.
   * @throws {FramingError} when a checksum, a length or a header is not what it must be
   */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let start = this.#open.length === 0 ? 0 : this.#fill(bytes);
    if (this.#open.length > 0) return;
    while (bytes.length - start >= PRELUDE_BYTES) {
      const end = start + totalBytes(bytes, start);
      if (end > bytes.length) break;
      this.#readMessage(bytes, start, end);
      start = end;
    }
    if (start < bytes.length) this.#open.append(bytes.subarray(start));
  }

  /** The stream is over. @throws {FramingError} when it ends inside a message: what was being said is not known */
  end(): void {
    if (this.#open.length === 0) return;
    throw new FramingError(`AWS event stream ends inside a message, after ${this.#open.length} bytes of it`);
  }

  /** Completes the open message as far as the bytes go; returns how many of them it took. */
  #fill(bytes: Buffer): number {
    const preludeEnd = this.#openTotalBytes > 0 ? 0 : Math.max(PRELUDE_BYTES - this.#open.length, 0);
    this.#open.append(bytes.subarray(0, preludeEnd));
    if (this.#open.length < PRELUDE_BYTES) return bytes.length;
    this.#openTotalBytes ||= totalBytes(this.#open.view(), 0);
    const end = preludeEnd + this.#openTotalBytes - this.#open.length;
    this.#open.append(bytes.subarray(preludeEnd, end));
    if (this.#open.length < this.#openTotalBytes) return bytes.length;
    this.#openTotalBytes = 0;
    const message = this.#open.take();
    this.#readMessage(message, 0, message.length);
    return end;
  }

  /** From `start` to `end` stands one whole message with a checked prelude. */
  #readMessage(bytes: Buffer, start: number, end: number): void {
    const payloadEnd = end - CRC_BYTES;
    if (crc32(bytes.subarray(start, payloadEnd)) !== bytes.readUInt32BE(payloadEnd)) throw crcMismatch('message');
    const payloadStart = start + PRELUDE_BYTES + bytes.readUInt32BE(start + 4);
    const headerBytes = bytes.subarray(start + PRELUDE_BYTES, payloadStart);
    if (!headerBytes.equals(this.#headerBytes)) {
      this.#headers = readHeaders(headerBytes);
      this.#headerBytes = Buffer.from(headerBytes);
    }
    this.onMessage({ ...this.#headers, payload: bytes.subarray(payloadStart, payloadEnd) });
  }
}

/** Length of the message that begins at `start`. The checksum is compared first: a wrong length must not be trusted. */
function totalBytes(bytes: Buffer, start: number): number {
  if (preludeCrc(bytes, start) !== bytes.readUInt32BE(start + PRELUDE_CRC_OFFSET)) throw crcMismatch('prelude');
  const total = bytes.readUInt32BE(start);
  const headers = bytes.readUInt32BE(start + 4);
  if (total > AWS_MESSAGE_BYTES_MAX) {
    throw new FramingError(`AWS event stream message of ${total} bytes: expected at most ${AWS_MESSAGE_BYTES_MAX}`);
  }
  if (total < MESSAGE_BYTES_MIN || headers > total - MESSAGE_BYTES_MIN) {
    throw new FramingError(`AWS event stream message of ${total} bytes cannot hold ${headers} bytes of headers`);
  }
  return total;
}

/** CRC-32 of the two lengths. A native call and the view that it needs take four times as long for so few bytes. */
function preludeCrc(bytes: Buffer, start: number): number {
  let crc = -1;
  for (let offset = start; offset < start + PRELUDE_CRC_OFFSET; offset++) {
    crc = CRC_TABLE[(crc ^ bytes[offset]!) & 0xff]! ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

const crcMismatch = (what: 'prelude' | 'message') =>
  new FramingError(`AWS event stream ${what} does not match its CRC-32`);

function readHeaders(bytes: Buffer): Headers {
  const texts = readTexts(bytes);
  const text = (name: string) => texts.get(name) ?? '';
  return {
    messageType: text(':message-type'),
    eventType: text(':event-type'),
    exceptionType: text(':exception-type'),
    errorCode: text(':error-code'),
    errorMessage: text(':error-message'),
    contentType: text(':content-type'),
  };
}

/** Values of all headers that are strings. */
function readTexts(bytes: Buffer): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  let offset = 0;
  while (offset < bytes.length) {
    const nameStart = offset + 1;
    const nameEnd = nameStart + bytes[offset]!;
    const type = bytes[nameEnd];
    const size = type === undefined ? undefined : VALUE_BYTES[type];
    if (size === undefined) {
      throw new FramingError(`AWS event stream header has the type ${type ?? 'nothing'}: expected 0 to 9`);
    }
    const valueStart = nameEnd + (size === 'has length' ? 3 : 1);
    if (valueStart > bytes.length) throw headerOverrun();
    const valueEnd = valueStart + (size === 'has length' ? bytes.readUInt16BE(nameEnd + 1) : size);
    if (valueEnd > bytes.length) throw headerOverrun();
    if (type === STRING_TYPE) {
      texts.set(bytes.toString('utf8', nameStart, nameEnd), bytes.toString('utf8', valueStart, valueEnd));
    }
    offset = valueEnd;
  }
  return texts;
}

const headerOverrun = () => new FramingError('AWS event stream header is longer than the headers of its message');
