import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { Client, credentials } from '@grpc/grpc-js';
import type { CallFactory } from '../../src/platform/grpc/call.js';
import { Http2GrpcServer } from '../../src/platform/grpc/http2-grpc-server.js';
import type { ListenAddress } from '../../src/platform/grpc/listen-address.js';
import { MessageDeframer, writeFramePrefix } from '../../src/platform/grpc/message-frames.js';

const LOOPBACK: ListenAddress = { kind: 'tcp', host: '127.0.0.1', port: 0 };

/** A server of ours on a free port, with clients that go away together with it. */
export class GrpcServerUnderTest {
  readonly sessionErrors: Error[] = [];
  readonly server: Http2GrpcServer;
  readonly #connections: RawConnection[] = [];
  readonly #clients: Client[] = [];

  constructor(calls: Readonly<Record<string, CallFactory>>, { address = LOOPBACK, maxMessageBytes = 1 << 20 } = {}) {
    this.server = new Http2GrpcServer({
      address,
      calls,
      maxMessageBytes,
      onSessionError: (error) => this.sessionErrors.push(error),
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.server.listen((error) => (error === undefined ? resolve() : reject(error)));
    });
    return this;
  }

  get port(): number {
    const { target } = this.server;
    if (target.kind !== 'tcp') throw new Error('the server listens on a Unix socket');
    return target.port;
  }

  /** A client by others, with a connection of its own. */
  grpcClient(target = `127.0.0.1:${this.port}`): Client {
    const client = new Client(target, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    this.#clients.push(client);
    return client;
  }

  /** A connection that can do what a good client never does. */
  async connection(): Promise<RawConnection> {
    const { target } = this.server;
    const socket = target.kind === 'unix' ? connectSocket(target.path) : connectSocket(target.port, target.host);
    const connection = new RawConnection(socket);
    this.#connections.push(connection);
    await once(connection.session, 'connect');
    return connection;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    for (const { session } of this.#connections) session.destroy();
    this.server.destroy();
    await this.server.close();
  }
}

export class RawConnection {
  readonly session: ClientHttp2Session;

  constructor(readonly socket: Socket) {
    this.session = connect('http://localhost', { createConnection: () => socket });
    this.session.on('error', () => {});
  }

  call(path: string, more: OutgoingHttpHeaders = {}): RawCall {
    return new RawCall(this, path, more);
  }
}

const RST_STREAM = 3;

/** One call, spoken by hand. */
export class RawCall {
  readonly messages: Buffer[] = [];
  readonly stream: ClientHttp2Stream;
  /** Response headers, trailers among them. */
  readonly headers: Record<string, unknown> = {};
  readonly #deframer = new MessageDeframer(2 ** 31);
  readonly #closed: Promise<void>;

  constructor(
    private readonly connection: RawConnection,
    path: string,
    more: OutgoingHttpHeaders,
  ) {
    this.stream = connection.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...more,
    });
    this.stream.on('error', () => {});
    this.#closed = new Promise((resolve) => this.stream.once('close', resolve));
    this.stream.on('response', (found) => Object.assign(this.headers, found));
    this.stream.on('trailers', (found) => Object.assign(this.headers, found));
    this.stream.on('data', (chunk: Buffer) => this.#deframer.push(chunk, (message) => this.messages.push(message)));
  }

  send(...messages: (string | Uint8Array)[]): this {
    this.stream.write(Buffer.concat(messages.map(framed)));
    return this;
  }

  write(bytes: Uint8Array): this {
    this.stream.write(bytes);
    return this;
  }

  end(): this {
    this.stream.end();
    return this;
  }

  /** Resets the stream as Envoy does. Written past Node's client, which half-closes before it resets. */
  reset(): void {
    const frame = Buffer.alloc(13);
    frame.writeUIntBE(4, 0, 3);
    frame[3] = RST_STREAM;
    frame.writeUInt32BE(this.stream.id!, 5);
    frame.writeUInt32BE(constants.NGHTTP2_NO_ERROR, 9);
    this.connection.socket.write(frame);
  }

  /** When the call is over: its status and text. */
  async status(): Promise<readonly [code: number, message: string]> {
    await this.#closed;
    return [
      Number(this.headers['grpc-status']),
      decodeURIComponent((this.headers['grpc-message'] as string | undefined) ?? ''),
    ];
  }

  async message(index: number): Promise<Buffer> {
    while (this.messages.length <= index) await once(this.stream, 'data');
    return this.messages[index]!;
  }
}

/** A message with its gRPC prefix. */
export function framed(message: string | Uint8Array): Buffer {
  return writeFramePrefix(Buffer.concat([Buffer.alloc(5), Buffer.from(message)]));
}
