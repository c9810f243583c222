import { GrowingBuffer } from './growing-buffer.js';

/** A longer message is passed over, so that a session holds no more memory than this. */
export const WEBSOCKET_MESSAGE_BYTES_MAX = 1 << 20;

/** Of a frame's head, RFC 6455 section 5.2: two bytes, and up to eight of a longer length; servers send no mask. */
const HEAD_BYTES_MAX = 10;
const CONTROL_PAYLOAD_BYTES_MAX = 125;
const LENGTH_IN_2_BYTES = 126;
const LENGTH_IN_8_BYTES = 127;

const FIN = 0x80;
const RESERVED_BITS = 0x70;
const MASK = 0x80;
const CONTINUATION = 0x0;
const TEXT = 0x1;
const BINARY = 0x2;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

/** What becomes of the message whose frames come in. */
type Message = 'none' | 'text' | 'passed-over';

/**
 * Reads the frames that a WebSocket server sends, without extensions, as far as it takes to find its text messages: fragments
 * are put together, control frames between them do not matter, binary messages and those above
 * {@link WEBSOCKET_MESSAGE_BYTES_MAX} are passed over. Any cut of the same bytes gives the same messages. Bytes that break
 * the framing end the reading, as they end the session of the client. @see RFC 6455 section 5
 */
export class WebSocketFrames {
  readonly #head = Buffer.alloc(HEAD_BYTES_MAX);
  #headLength = 0;
  /** Bytes of the payload under way that are still to come; undefined while a head is read. */
  #missingBytes: number | undefined;
  #opcode = 0;
  #isFinal = false;
  #message: Message = 'none';
  #messageBytes = 0;
  readonly #collected = new GrowingBuffer();
  #state: 'open' | 'closed' | 'broken' = 'open';

  /**
   * @param onText Gets each whole text message as UTF-8, valid during the call only.
   * @param onPassedOver Told of each text message above {@link WEBSOCKET_MESSAGE_BYTES_MAX}.
   */
  constructor(
    private readonly onText: (message: Buffer) => void,
    private readonly onPassedOver: () => void = () => {},
  ) {}

  /** `closed`: the server sent its Close frame; `broken`: its bytes are no frames. Nothing is read in either. */
  get state(): 'open' | 'closed' | 'broken' {
    return this.#state;
  }

  /** The chunk may be reused after return. */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = 0;
    while (at < bytes.length && this.#state === 'open') {
      at += this.#missingBytes === undefined ? this.#readHead(bytes, at) : this.#readPayload(bytes, at);
    }
  }

  /** Takes bytes of the head; returns how many. */
  #readHead(bytes: Buffer, at: number): number {
    const needed = headBytes(this.#head, this.#headLength);
    const taken = Math.min(needed - this.#headLength, bytes.length - at);
    bytes.copy(this.#head, this.#headLength, at, at + taken);
    this.#headLength += taken;
    if (this.#headLength === needed && needed === headBytes(this.#head, needed)) this.#beginPayload();
    return taken;
  }

  #beginPayload(): void {
    this.#headLength = 0;
    const [first = 0, second = 0] = this.#head;
    this.#isFinal = (first & FIN) !== 0;
    this.#opcode = first & 0x0f;
    const length = payloadBytes(this.#head);
    const hasRightBits = (first & RESERVED_BITS) === 0 && (second & MASK) === 0 && length !== undefined;
    if (!hasRightBits || !this.#isLegal(length)) {
      this.#state = 'broken';
      return;
    }
    if (this.#opcode === TEXT) this.#message = 'text';
    if (this.#opcode === BINARY) this.#message = 'passed-over';
    if (this.#opcode <= BINARY) this.#expect(length);
    if (length > 0) this.#missingBytes = length;
    else this.#endFrame(EMPTY);
  }

  #isLegal(length: number): boolean {
    switch (this.#opcode) {
      case CONTINUATION:
        return this.#message !== 'none';
      case TEXT:
      case BINARY:
        return this.#message === 'none';
      case CLOSE:
      case PING:
      case PONG:
        return this.#isFinal && length <= CONTROL_PAYLOAD_BYTES_MAX;
      default:
        return false;
    }
  }

  /** More bytes of the message under way will come. */
  #expect(length: number): void {
    this.#messageBytes += length;
    if (this.#message !== 'text' || this.#messageBytes <= WEBSOCKET_MESSAGE_BYTES_MAX) return;
    this.#message = 'passed-over';
    this.#collected.take();
    this.onPassedOver();
  }

  /** Takes bytes of the payload; returns how many. */
  #readPayload(bytes: Buffer, at: number): number {
    const taken = Math.min(this.#missingBytes!, bytes.length - at);
    const isWhole = taken === this.#missingBytes;
    const part = bytes.subarray(at, at + taken);
    this.#missingBytes = isWhole ? undefined : this.#missingBytes! - taken;
    if (isWhole) this.#endFrame(part);
    else if (this.#isRead) this.#collected.append(part);
    return taken;
  }

  get #isRead(): boolean {
    return this.#opcode <= BINARY && this.#message === 'text';
  }

  /** A frame is complete; `last` is what no earlier chunk had of it. */
  #endFrame(last: Buffer): void {
    this.#missingBytes = undefined;
    if (this.#opcode === CLOSE) this.#state = 'closed';
    if (this.#opcode > BINARY) return;
    const isText = this.#message === 'text';
    // The common case, a message in one chunk, is not copied.
    if (isText && (!this.#isFinal || this.#collected.length > 0)) this.#collected.append(last);
    if (!this.#isFinal) return;
    this.#message = 'none';
    this.#messageBytes = 0;
    if (isText) this.onText(this.#collected.length > 0 ? this.#collected.take() : last);
  }
}

const EMPTY = Buffer.alloc(0);

/** Bytes of a head of which `known` are there: two until its second byte tells. */
function headBytes(head: Buffer, known: number): number {
  if (known < 2) return 2;
  const short = head[1]! & ~MASK;
  if (short === LENGTH_IN_8_BYTES) return 10;
  return short === LENGTH_IN_2_BYTES ? 4 : 2;
}

/** Undefined for a length that no number of JavaScript holds; the most significant bit must be 0 anyway. */
function payloadBytes(head: Buffer): number | undefined {
  const short = head[1]! & ~MASK;
  if (short < LENGTH_IN_2_BYTES) return short;
  if (short === LENGTH_IN_2_BYTES) return head.readUInt16BE(2);
  const length = head.readUInt32BE(2) * 2 ** 32 + head.readUInt32BE(6);
  return Number.isSafeInteger(length) ? length : undefined;
}
