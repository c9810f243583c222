import type { IncomingHttpHeaders } from 'node:http2';
import type { GrpcStatusCode } from './status.js';

/** The sending half of one call, as its logic sees it. */
export interface CallPeer {
  /** Sends one message: a whole frame, its first 5 bytes already the gRPC prefix. */
  send(frame: Buffer): void;
  /** Ends the call with a status; later sends are ignored. */
  end(code: GrpcStatusCode, message?: string): void;
}

/** How a call ended for its logic. Envoy resets every ext_proc stream, so `cancelled` is a normal end. */
export type CallEnd = 'half-closed' | 'cancelled' | 'failed';

/** The receiving half: one object per call. */
export interface CallLogic {
  /** True for server streams: the call goes on when the client has said all. Otherwise half-close ends it with OK. */
  readonly staysOpenAfterHalfClose?: boolean;
  /** Messages come strictly in order; the next one waits for a returned promise. The buffer is valid for the call's life. */
  onMessage(message: Buffer): void | Promise<void>;
  /** Exactly once, `cause` with `failed` only. After the last message; `half-closed` only when every message was handled. */
  onEnd(end: CallEnd, cause?: unknown): void;
}

/** Starts a call; `metadata` are its HTTP/2 request headers. */
export type CallFactory = (peer: CallPeer, metadata: IncomingHttpHeaders) => CallLogic;
