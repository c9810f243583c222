import { chmodSync, rmSync, statSync } from 'node:fs';
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import { Server as TransportServer, type CustomTransportStrategy } from '@nestjs/microservices';
import { UserFacingError } from '../../shared/errors.js';
import { formatListenAddress, type ListenAddress } from './listen-address.js';
import type { CallFactory } from './call.js';
import { Http2Call } from './http2-call.js';
import { encodeGrpcMessage, grpcStatus } from './status.js';

export interface Http2GrpcServerOptions {
  readonly address: ListenAddress;
  /** By `:path`, `/<package>.<Service>/<Method>`. */
  readonly calls: Readonly<Record<string, CallFactory>>;
  /** Largest message that a peer may send, in bytes. */
  readonly maxMessageBytes: number;
  /** PEM; undefined: plain text. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  onSessionError(error: Error): void;
  /** Told of each message of at least `LARGE_MESSAGE_BYTES`. */
  readonly onLargeMessage?: (sizeBytes: number) => void;
}

const MIB = 1 << 20;
/** What a peer may send on one stream, and on one connection, before we have read it. */
const STREAM_WINDOW_BYTES = MIB;
const CONNECTION_WINDOW_BYTES = 64 * MIB;
/**
 * Envoy ends every ext_proc stream with RST_STREAM. Node allows 33 resets a second and then closes the connection, which
 * fails all its requests (design decision 4); the peer is our own Envoy, so the guard is put out of reach.
 */
const RESETS_OUT_OF_REACH = 0xffff_ffff;

/** gRPC over `node:http2` as a Nest transport: our own framing, because every AI request takes two streams and five messages. */
export class Http2GrpcServer extends TransportServer implements CustomTransportStrategy {
  readonly #server: Http2Server | Http2SecureServer;
  /** A map: a peer's `:path` may name what every object has. */
  readonly #calls: ReadonlyMap<string, CallFactory>;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(private readonly settings: Http2GrpcServerOptions) {
    super();
    this.#calls = new Map(Object.entries(settings.calls));
    const limits = {
      settings: { initialWindowSize: STREAM_WINDOW_BYTES, maxConcurrentStreams: 0x7fff_ffff },
      streamResetBurst: RESETS_OUT_OF_REACH,
      streamResetRate: RESETS_OUT_OF_REACH,
      maxSessionMemory: 1024,
      maxSessionInvalidFrames: 1000,
    };
    this.#server = settings.tls ? createSecureServer({ ...limits, ...settings.tls }) : createServer(limits);
    this.#server.on('session', (session) => this.#onSession(session));
    this.#server.on('stream', (stream, metadata) => this.#onStream(stream, metadata));
    this.#server.on('sessionError', (error) => settings.onSessionError(error));
  }

  override listen(callback: (error?: unknown) => void): void {
    const { address } = this.settings;
    const onError = (error: Error) => callback(listenFault(address, error));
    const onListening = () => {
      this.#server.off('error', onError);
      // Envoy runs under the same group in another container.
      if (address.kind === 'unix') chmodSync(address.path, 0o775);
      callback();
    };
    this.#server.once('error', onError);
    if (address.kind === 'tcp') {
      this.#server.listen({ port: address.port, ...(address.host ? { host: address.host } : {}) }, onListening);
      return;
    }
    removeStaleSocket(address.path);
    this.#server.listen(address.path, onListening);
  }

  /** Stops accepting, lets open streams end (GOAWAY), resolves when the last connection is gone. */
  override async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const session of this.#sessions) session.close();
    await closed;
  }

  /** For new connections; only where it was started with TLS. */
  useCertificate(tls: { readonly cert: string; readonly key: string }): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(tls);
  }

  /** Ends all connections at once. */
  destroy(): void {
    for (const session of this.#sessions) session.destroy();
  }

  /** Where it can be reached; for `:0` with the port that it got. */
  get target(): ListenAddress {
    const { address } = this.settings;
    const bound = this.#server.address();
    return address.kind === 'tcp' && bound !== null && typeof bound === 'object'
      ? { ...address, port: bound.port }
      : address;
  }

  override on(): never {
    throw new Error('events of this transport are not for subscribers');
  }

  override unwrap<T>(): T {
    return this.#server as T;
  }

  #onSession(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    session.on('close', () => this.#sessions.delete(session));
  }

  #onStream(stream: ServerHttp2Stream, metadata: IncomingHttpHeaders): void {
    const factory = this.#calls.get(metadata[':path'] ?? '');
    const refusal = refuse(metadata, factory);
    if (refusal !== undefined || factory === undefined) {
      stream.on('error', () => {});
      stream.respond({ ...refusal }, { endStream: true });
      stream.close();
      return;
    }
    new Http2Call(stream, metadata, factory, this.settings).start();
  }
}

const PROTOBUF_CONTENT_TYPE = /^application\/grpc(?:\+proto)?(?:;|$)/;

/** Response headers that refuse what is no call of ours; @see gRPC over HTTP/2, "Requests". */
function refuse(
  metadata: IncomingHttpHeaders,
  factory: CallFactory | undefined,
): Record<string, string | number> | undefined {
  if (!PROTOBUF_CONTENT_TYPE.test(metadata['content-type'] ?? '')) return { ':status': 415 };
  if (metadata[':method'] !== 'POST') return { ':status': 405 };
  if (factory !== undefined) return undefined;
  return {
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-status': String(grpcStatus.unimplemented),
    'grpc-message': encodeGrpcMessage(`unknown method ${metadata[':path']}`),
  };
}

function removeStaleSocket(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isSocket()) rmSync(path);
}

const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; end that process',
  EACCES: 'this user may not open it; start as a user who may',
  ENOENT: 'its directory does not exist; create it',
  EADDRNOTAVAIL: 'this machine does not have that address; correct it',
};

function listenFault(address: ListenAddress, error: NodeJS.ErrnoException): Error {
  const why = LISTEN_FAULTS[error.code ?? ''];
  if (why === undefined) return error;
  const text = `cannot listen on ${formatListenAddress(address)}: ${why}, or choose another address with -extProcAddr`;
  return new UserFacingError(text, { cause: error });
}
