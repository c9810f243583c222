import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { CASE_HEADER } from './case-id.js';
import { DEADLINE_MS, eventually, within } from './eventually.js';
import { Gate } from './gate.js';

/** RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 0x1;
const CLOSE = 0x8;

/** What a handshake is answered with in place of 101. */
export interface Refusal {
  readonly status: number;
  readonly body: object;
  /** Of some paths; of all when absent. */
  readonly only?: (path: string) => boolean;
}

/** A provider that speaks WebSocket (RFC 6455) and does what a test tells its sessions to do. */
export class WebSocketProvider {
  readonly protocol = 'http1';
  readonly #server: Server = createServer((_, response) => response.writeHead(500).end());
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Map<string, ProviderSession[]>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #handshakes: IncomingMessage[] = [];

  private constructor() {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
    });
    this.#server.on('upgrade', (request, socket) => this.#onUpgrade(request, socket as Socket));
  }

  static async start(): Promise<WebSocketProvider> {
    const provider = new WebSocketProvider();
    provider.#server.listen(0, '127.0.0.1');
    await once(provider.#server, 'listening');
    return provider;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Handshakes of a case, refused ones too. */
  handshakes(caseId: string): readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[] {
    return this.#handshakes
      .filter(({ headers }) => (headers[CASE_HEADER] ?? '') === caseId)
      .map(({ url = '', headers }) => ({ path: url, headers }));
  }

  refuse(caseId: string, refusal: Refusal): void {
    this.#refusals.set(caseId, refusal);
  }

  /** Waits for the n-th session of a case. */
  async session(caseId: string, count = 1): Promise<ProviderSession> {
    return await eventually(`session ${count} of ${caseId}`, () => this.#sessions.get(caseId)?.[count - 1]);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await within('the WebSocket provider to close', closed, DEADLINE_MS);
  }

  #onUpgrade(request: IncomingMessage, socket: Socket): void {
    this.#handshakes.push(request);
    const caseId = String(request.headers[CASE_HEADER] ?? '');
    const refusal = this.#refusals.get(caseId);
    if (refusal && (refusal.only?.(request.url ?? '') ?? true)) {
      const body = JSON.stringify(refusal.body);
      const head = `HTTP/1.1 ${refusal.status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
      socket.end(`${head}\r\n\r\n${body}`);
      return;
    }
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
    const [protocol] = (request.headers['sec-websocket-protocol'] ?? '').split(',');
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'upgrade: websocket',
      'connection: Upgrade',
      `sec-websocket-accept: ${accept}`,
      ...(protocol ? [`sec-websocket-protocol: ${protocol.trim()}`] : []),
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    this.#sessions.set(caseId, [...(this.#sessions.get(caseId) ?? []), new ProviderSession(socket)]);
  }
}

/** The provider's end of one session. */
export class ProviderSession {
  readonly #ended = new Gate();
  readonly #received: string[] = [];
  #bytes = Buffer.alloc(0);
  #hasSentClose = false;

  constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    // A client that ends its half has left.
    socket.on('end', () => socket.end());
    socket.on('close', () => this.#ended.open());
  }

  /** Resolves when the connection is gone. */
  get ended(): Promise<void> {
    return this.#ended.opened;
  }

  /** Waits for the n-th text message of the client. */
  async message(count = 1): Promise<string> {
    return await eventually(`message ${count} of the client`, () => this.#received[count - 1]);
  }

  /** Sends an event as one text message. */
  say(event: object | string): void {
    this.write(frame(TEXT, Buffer.from(typeof event === 'string' ? event : JSON.stringify(event))));
  }

  /** Sends bytes as they are, frames or not. */
  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Says goodbye; the connection ends when the client has answered. */
  sayClose(code: number): void {
    this.#hasSentClose = true;
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.write(frame(CLOSE, payload));
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (let found = firstFrame(this.#bytes); found; found = firstFrame(this.#bytes)) {
      this.#bytes = this.#bytes.subarray(found.length);
      if (found.opcode === TEXT) this.#received.push(found.payload.toString());
      if (found.opcode !== CLOSE) continue;
      // Section 7.1.1: the server is the one to end the connection.
      if (!this.#hasSentClose) this.write(frame(CLOSE, found.payload));
      this.socket.end();
    }
  }
}

function frame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** The first frame of a client, unmasked; undefined while it is not whole. Clients of the tests do not fragment. */
function firstFrame(bytes: Buffer): { opcode: number; payload: Buffer; length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 0x7f;
  const maskAt = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < maskAt + 4) return undefined;
  const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const length = maskAt + 4 + size;
  if (bytes.length < length) return undefined;
  const payload = Buffer.from(bytes.subarray(maskAt + 4, length));
  for (let i = 0; i < size; i++) payload[i]! ^= bytes[maskAt + (i % 4)]!;
  return { opcode: bytes[0]! & 0x0f, payload, length };
}
