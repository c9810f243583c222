import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { CallEnd, CallFactory, CallLogic, CallPeer } from './call.js';
import { LARGE_MESSAGE_BYTES } from '../heap-growth.js';
import { MessageDeframer } from './message-frames.js';
import { GrpcError, encodeGrpcMessage, grpcStatus, parseGrpcTimeout, type GrpcStatusCode } from './status.js';

/** Messages of one call that may wait for an asynchronous handler before we stop reading from the peer. */
const MAX_WAITING_MESSAGES = 16;
const RESPONSE_HEADERS = { ':status': 200, 'content-type': 'application/grpc' };
const RESPOND_OPTIONS = { waitForTrailers: true, sendDate: false } as const;

/** What one message may be, and who is told of a large one; see `Http2GrpcServerOptions`. */
interface CallLimits {
  readonly maxMessageBytes: number;
  readonly onLargeMessage?: (sizeBytes: number) => void;
}

/**
 * One gRPC call on one HTTP/2 stream: framing, order, back-pressure both ways, deadline, end.
 *
 *   open ──end()──▶ ended (status sent) ──▶ closed
 *    │                                        ▲
 *    └────── reset by the peer ───────────────┘
 *
 * Reading pauses while messages wait for their handler or the peer does not take our answers.
 */
export class Http2Call implements CallPeer {
  /** Gone once the stream is closed. */
  #logic: CallLogic | undefined;
  readonly #deframer: MessageDeframer;
  readonly #deadline: NodeJS.Timeout | undefined;
  #waiting: Buffer[] = [];
  #isHandling = false;
  #isHalfClosed = false;
  #isEnded = false;
  #isFinished = false;
  #status: { code: GrpcStatusCode; message: string } = { code: grpcStatus.ok, message: '' };

  constructor(
    private readonly stream: ServerHttp2Stream,
    metadata: IncomingHttpHeaders,
    factory: CallFactory,
    private readonly limits: CallLimits,
  ) {
    this.#deframer = new MessageDeframer(limits.maxMessageBytes);
    this.#logic = this.#contained(() => factory(this, metadata));
    const timeoutMs = parseGrpcTimeout(metadata['grpc-timeout'] as string | undefined);
    if (timeoutMs !== undefined) {
      this.#deadline = setTimeout(() => this.end(grpcStatus.deadlineExceeded, 'deadline exceeded'), timeoutMs);
      this.#deadline.unref();
    }
  }

  /** Begins to read. */
  start(): void {
    const { stream } = this;
    stream.on('data', (chunk: Buffer) => this.#onData(chunk));
    stream.on('end', () => this.#onHalfClose());
    stream.on('wantTrailers', () => this.#sendTrailers());
    stream.on('drain', () => this.#onDrain());
    stream.on('aborted', () => this.#onAborted());
    stream.on('close', () => this.#onClose());
    // A reset surfaces as an error too; `close` follows and carries all that we need.
    stream.on('error', () => {});
  }

  send(frame: Buffer): void {
    if (this.#isEnded || this.#isGone) return;
    if (!this.stream.headersSent) this.stream.respond(RESPONSE_HEADERS, RESPOND_OPTIONS);
    if (!this.stream.write(frame)) this.stream.pause();
  }

  end(code: GrpcStatusCode, message = ''): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#waiting = [];
    // What still comes is thrown away; a paused stream would never close.
    this.stream.resume();
    if (this.#isGone) return;
    this.#status = { code, message };
    if (this.stream.headersSent) {
      this.stream.end();
    } else {
      this.stream.respond({ ...RESPONSE_HEADERS, ...this.#statusHeaders() }, { endStream: true });
      this.#closeOurSide();
    }
  }

  #onData(chunk: Buffer): void {
    if (this.#isEnded) return;
    try {
      this.#deframer.push(chunk, (message) => this.#onWhole(message));
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!this.#isHandling) this.#handleWaiting();
    if (this.#waiting.length > MAX_WAITING_MESSAGES) this.stream.pause();
  }

  #onWhole(message: Buffer): void {
    if (message.length >= LARGE_MESSAGE_BYTES) this.limits.onLargeMessage?.(message.length);
    this.#waiting.push(message);
  }

  /** Runs handlers one after another; stays synchronous as long as they do. */
  #handleWaiting(): void {
    while (this.#waiting.length > 0 && !this.#isEnded && !this.stream.writableNeedDrain) {
      const message = this.#waiting.shift()!;
      let pending: void | Promise<void>;
      try {
        pending = this.#logic?.onMessage(message);
      } catch (error) {
        this.#fail(error);
        return;
      }
      if (pending) {
        this.#isHandling = true;
        pending.then(
          () => this.#afterAsync(),
          (error: unknown) => {
            this.#isHandling = false;
            this.#fail(error);
          },
        );
        return;
      }
    }
    if (this.#isHalfClosed && this.#waiting.length === 0) this.#finishHalfClosed();
  }

  #finishHalfClosed(): void {
    if (!this.#logic?.staysOpenAfterHalfClose) this.#finish('half-closed');
  }

  #afterAsync(): void {
    this.#isHandling = false;
    this.#handleWaiting();
    this.#resume();
  }

  /** The peer took our answers: what waited for that goes on. */
  #onDrain(): void {
    if (!this.#isHandling) this.#handleWaiting();
    this.#resume();
  }

  #resume(): void {
    if (this.#waiting.length <= MAX_WAITING_MESSAGES && !this.stream.writableNeedDrain) this.stream.resume();
  }

  #onHalfClose(): void {
    // Node ends the readable side of a stream that was reset, too.
    if (this.#isGone) return;
    if (!this.#deframer.isAtBoundary) {
      this.#fail(new GrpcError(grpcStatus.internal, 'the stream ended inside a message'));
      return;
    }
    this.#isHalfClosed = true;
    if (!this.#isHandling && this.#waiting.length === 0) this.#finishHalfClosed();
  }

  #fail(error: unknown): void {
    const { code, message } = error instanceof GrpcError ? error : new GrpcError(grpcStatus.internal, 'internal error');
    this.#finish('failed', error);
    this.end(code, message);
  }

  /** Reset by the peer. While reading is paused `close` would wait for a reader that has no reason to go on. */
  #onAborted(): void {
    this.#isEnded = true;
    this.#waiting = [];
    this.stream.resume();
    this.#finish('cancelled');
  }

  #onClose(): void {
    clearTimeout(this.#deadline);
    this.#isEnded = true;
    this.#waiting = [];
    this.#finish('cancelled');
    // Node's native handle keeps the stream object alive until the next full collection; it must not keep us too.
    this.stream.removeAllListeners();
    this.#logic = undefined;
  }

  #finish(end: CallEnd, cause?: unknown): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#contained(() => this.#logic?.onEnd(end, cause));
    if (end === 'half-closed') this.end(grpcStatus.ok);
  }

  /** A mistake in the logic of one call ends that call only. */
  #contained<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch {
      this.end(grpcStatus.internal, 'internal error');
      return undefined;
    }
  }

  #statusHeaders(): Record<string, string> {
    const { code, message } = this.#status;
    return { 'grpc-status': String(code), ...(message ? { 'grpc-message': encodeGrpcMessage(message) } : {}) };
  }

  #sendTrailers(): void {
    if (this.#isGone) return;
    this.stream.sendTrailers(this.#statusHeaders());
    this.#closeOurSide();
  }

  /** Closed from either side; Node throws at whoever answers it then, though it is not destroyed yet. */
  get #isGone(): boolean {
    return this.stream.closed || this.stream.destroyed;
  }

  /**
   * Tells a peer that still sends to stop; NO_ERROR after a complete answer, RFC 9113 section 8.1. Not at once: a reset
   * overtakes headers and trailers that are not on the wire yet, and the peer would never see the status.
   */
  #closeOurSide(): void {
    if (!this.#isHalfClosed) closeSoon(this.stream);
  }
}

/** Rare: the socket takes no more at the moment. */
const UNSENT_RETRY_MS = 5;

const closing: ServerHttp2Stream[] = [];

/** Two immediates for all streams of a turn: most requests end two. What a turn wrote is on its way in the next but one. */
function closeSoon(stream: ServerHttp2Stream): void {
  closing.push(stream);
  if (closing.length === 1) setImmediate(() => setImmediate(closeSent));
}

/** Closes the streams whose end is on the wire. While a write is under way it is not: the reset would come in its place. */
function closeSent(): void {
  for (const stream of closing.splice(0)) {
    if (stream.closed || stream.destroyed) continue;
    if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR);
    else setTimeout(closeSoon, UNSENT_RETRY_MS, stream).unref();
  }
}
