import type { IncomingHttpHeaders } from 'node:http2';
import {
  Server,
  ServerCredentials,
  logVerbosity,
  setLogVerbosity,
  type Metadata,
  type ServerDuplexStream,
  type handleBidiStreamingCall,
} from '@grpc/grpc-js';
import { Server as TransportServer, type CustomTransportStrategy } from '@nestjs/microservices';
import { UserFacingError } from '../../shared/errors.js';
import type { CallEnd, CallFactory, CallPeer } from './call.js';
import { formatListenAddress, type ListenAddress } from './listen-address.js';
import { FRAME_PREFIX_BYTES } from './message-frames.js';
import { GrpcError, grpcStatus, type GrpcStatusCode } from './status.js';

export interface GrpcJsServerOptions {
  readonly address: ListenAddress;
  /** By `:path`, `/<package>.<Service>/<Method>`; other methods are answered UNIMPLEMENTED. */
  readonly calls: Readonly<Record<string, CallFactory>>;
  /** Largest message that a peer may send, in bytes; a larger one ends its call with RESOURCE_EXHAUSTED. */
  readonly maxMessageBytes: number;
  /** Time that open calls get to end when the server closes. */
  readonly closeLimitMs: number;
  /** Flag that sets the address, for errors. */
  readonly addressFlag: string;
}

/** What a peer may send on one stream before we have read it; messages here are megabytes. */
const STREAM_WINDOW_BYTES = 4 << 20;

/**
 * gRPC by `@grpc/grpc-js` as a Nest transport, for peers that call seldom and send much (design decision 4). Serves the same
 * calls as `Http2GrpcServer`; compressed messages too.
 */
export class GrpcJsServer extends TransportServer implements CustomTransportStrategy {
  readonly #server: Server;
  #port: number | undefined;

  constructor(private readonly settings: GrpcJsServerOptions) {
    super();
    // What it would print we get as errors.
    setLogVerbosity(logVerbosity.NONE);
    this.#server = new Server({
      'grpc.max_receive_message_length': settings.maxMessageBytes,
      'grpc.max_send_message_length': -1,
      'grpc-node.flow_control_window': STREAM_WINDOW_BYTES,
    });
    for (const [path, factory] of Object.entries(settings.calls)) this.#register(path, factory);
  }

  override listen(callback: (error?: unknown) => void): void {
    const [first = '', ...others] = bindTargets(this.settings.address);
    this.#bind(first, others, callback);
  }

  /** Stops accepting, lets open calls end, and ends those that do not in time. */
  override async close(): Promise<void> {
    if (this.#port === undefined) return;
    this.#port = undefined;
    await new Promise<void>((resolve) => {
      const limit = setTimeout(() => this.destroy(), this.settings.closeLimitMs);
      this.#server.tryShutdown(() => {
        clearTimeout(limit);
        resolve();
      });
    });
  }

  /** Ends all calls and connections at once. */
  destroy(): void {
    this.#server.forceShutdown();
  }

  /** Where it can be reached; for `:0` with the port that it got. */
  get target(): ListenAddress {
    const { address } = this.settings;
    return address.kind === 'tcp' && this.#port !== undefined ? { ...address, port: this.#port } : address;
  }

  override on(): never {
    throw new Error('events of this transport are not for subscribers');
  }

  override unwrap<T>(): T {
    return this.#server as T;
  }

  /** The targets in turn: a machine without IPv6 has no `[::]`. */
  #bind(target: string, others: readonly string[], callback: (error?: unknown) => void): void {
    this.#server.bindAsync(target, ServerCredentials.createInsecure(), (error, port) => {
      const [next, ...rest] = others;
      if (error !== null && next !== undefined && !/EADDRINUSE|EACCES/.test(error.message)) {
        this.#bind(next, rest, callback);
        return;
      }
      if (error === null) this.#port = port;
      callback(error === null ? undefined : this.#listenFault(error));
    });
  }

  #listenFault(cause: Error): UserFacingError {
    const { address, addressFlag } = this.settings;
    const text = `cannot listen on ${formatListenAddress(address)}: ${cause.message}; choose another address with -${addressFlag}`;
    return new UserFacingError(text, { cause });
  }

  /** Every method is served as a stream both ways, which is the same on the wire. */
  #register(path: string, factory: CallFactory): void {
    const asIs = (message: Buffer) => message;
    const handle: handleBidiStreamingCall<Buffer, Buffer> = (call) => serveCall(call, factory);
    this.#server.register(path, handle, asIs, asIs, 'bidi');
  }
}

function bindTargets(address: ListenAddress): readonly string[] {
  if (address.kind === 'unix') return [`unix:${address.path}`];
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return host === '' ? [`[::]:${address.port}`, `0.0.0.0:${address.port}`] : [`${host}:${address.port}`];
}

/** Joins the logic of a call to a stream of grpc-js: messages in order, one end, mistakes contained. */
function serveCall(call: ServerDuplexStream<Buffer, Buffer>, factory: CallFactory): void {
  let isFinished = false;
  const peer: CallPeer = {
    send: (frame) => {
      if (!call.writableEnded) call.write(frame.subarray(FRAME_PREFIX_BYTES));
    },
    end: (code, message = '') => endCall(call, code, message),
  };
  const finish = (end: CallEnd, cause?: unknown): void => {
    if (isFinished) return;
    isFinished = true;
    logic.onEnd(end, cause);
  };
  const fail = (cause: unknown): void => {
    const { code, message } = cause instanceof GrpcError ? cause : new GrpcError(grpcStatus.internal, 'internal error');
    finish('failed', cause);
    peer.end(code, message);
  };
  const logic = factory(peer, textHeaders(call.metadata));
  let handled = Promise.resolve();
  call.on('data', (message: Buffer) => {
    handled = handled.then(() => logic.onMessage(message)).catch(fail);
  });
  call.on('end', () => {
    void handled.then(() => {
      if (logic.staysOpenAfterHalfClose === true) return;
      finish('half-closed');
      peer.end(grpcStatus.ok);
    });
  });
  call.on('cancelled', () => finish('cancelled'));
}

/** Binary metadata (`-bin`) is nothing that a call of ours reads. */
const textHeaders = (metadata: Metadata): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(metadata.getMap()).filter(([, value]) => typeof value === 'string')) as Record<
    string,
    string
  >;

function endCall(call: ServerDuplexStream<Buffer, Buffer>, code: GrpcStatusCode, details: string): void {
  if (call.writableEnded) return;
  if (code === grpcStatus.ok) call.end();
  else call.emit('error', { code, details });
}
