import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { within } from './eventually.js';

/** What is known of a call when it is over. */
export interface CallOutcome {
  readonly httpStatus: number;
  /** Undefined when the peer told none. */
  readonly grpcStatus: number | undefined;
  readonly grpcMessage: string;
}

/** A gRPC frame: compressed flag, length, message. */
export function frame(message: Uint8Array, flag = 0, length = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

/** An HTTP/2 client on a Unix socket that sends whatever bytes a test wants. */
export class GrpcPeer {
  readonly #session: ClientHttp2Session;

  constructor(socketPath: string) {
    this.#session = connect('http://localhost', { createConnection: () => connectSocket(socketPath) });
    this.#session.on('error', () => {});
  }

  call(path: string, headers: Readonly<Record<string, string>> = {}): PeerCall {
    const stream = this.#session.request(
      { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers },
      { endStream: false },
    );
    return new PeerCall(stream);
  }

  close(): void {
    this.#session.destroy();
  }
}

export class PeerCall {
  /** Resolves when the call is over, however it ended. */
  readonly outcome: Promise<CallOutcome>;
  /** Bytes of all answers. */
  #received = Buffer.alloc(0);

  constructor(readonly stream: ClientHttp2Stream) {
    let head: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    stream.on('response', (headers) => (head = headers));
    stream.on('trailers', (headers) => (trailers = headers));
    stream.on('data', (bytes: Buffer) => (this.#received = Buffer.concat([this.#received, bytes])));
    stream.on('error', () => {});
    this.outcome = new Promise((resolve) => {
      stream.on('close', () => {
        const status = trailers['grpc-status'] ?? head['grpc-status'];
        resolve({
          httpStatus: Number(head[':status'] ?? 0),
          grpcStatus: status === undefined ? undefined : Number(status),
          grpcMessage: decodeURIComponent(String(trailers['grpc-message'] ?? head['grpc-message'] ?? '')),
        });
      });
    });
  }

  /** Messages received so far. */
  get messages(): Buffer[] {
    const messages: Buffer[] = [];
    for (let at = 0; at + 5 <= this.#received.length;) {
      const end = at + 5 + this.#received.readUInt32BE(at + 1);
      if (end > this.#received.length) break;
      messages.push(this.#received.subarray(at + 5, end));
      at = end;
    }
    return messages;
  }

  write(bytes: Uint8Array): this {
    this.stream.write(bytes);
    return this;
  }

  /** Half-closes. */
  end(): this {
    this.stream.end();
    return this;
  }

  reset(): void {
    this.stream.close(constants.NGHTTP2_CANCEL);
  }

  async over(): Promise<CallOutcome> {
    return await within('the call to be over', this.outcome);
  }
}
