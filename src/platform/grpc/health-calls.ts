import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
} from '../../gen/proto/grpc/health/v1/health_pb.js';
import type { CallFactory, CallPeer } from './call.js';
import { FRAME_PREFIX_BYTES, writeFramePrefix } from './message-frames.js';
import { grpcStatus } from './status.js';

export { ServingStatus };

/** Whether this process serves, and who wants to hear of changes. */
export class ServingState {
  readonly #watchers = new Set<(status: ServingStatus) => void>();
  readonly #onClose = new Set<() => void>();
  #status: ServingStatus = ServingStatus.NOT_SERVING;
  #isDraining = false;

  get status(): ServingStatus {
    return this.#status;
  }

  set(status: ServingStatus): void {
    if (status === this.#status || this.#isDraining) return;
    this.#status = status;
    for (const watcher of this.#watchers) watcher(status);
  }

  /** Not serving from now on, whatever is set later: a configuration may still arrive. */
  drain(): void {
    this.set(ServingStatus.NOT_SERVING);
    this.#isDraining = true;
  }

  /** Ends the open watches, which would keep the server from closing. */
  close(): void {
    // A set takes deletions while it is walked.
    for (const end of this.#onClose) end();
  }

  /** Runs `end` when the server closes, until the returned function is called. */
  onClose(end: () => void): () => void {
    this.#onClose.add(end);
    return () => this.#onClose.delete(end);
  }

  /** Calls back at once and on every change, until the returned function is called. */
  watch(watcher: (status: ServingStatus) => void): () => void {
    this.#watchers.add(watcher);
    watcher(this.#status);
    return () => this.#watchers.delete(watcher);
  }
}

/** Calls of `grpc.health.v1.Health`; `service` is the one name that List tells and that Check knows besides the empty one. */
export function healthCalls(state: ServingState, service: string): Record<string, CallFactory> {
  return {
    '/grpc.health.v1.Health/Check': (peer) => ({
      onMessage(message) {
        if (isKnown(message, service)) {
          peer.send(checkFrame(state.status));
          peer.end(grpcStatus.ok);
        } else {
          peer.end(grpcStatus.notFound, 'unknown service');
        }
      },
      onEnd() {},
    }),
    '/grpc.health.v1.Health/Watch': (peer) => watchCall(peer, state, service),
    '/grpc.health.v1.Health/List': (peer) => ({
      onMessage() {
        const statuses = { [service]: create(HealthCheckResponseSchema, { status: state.status }) };
        peer.send(frame(toBinary(HealthListResponseSchema, create(HealthListResponseSchema, { statuses }))));
        peer.end(grpcStatus.ok);
      },
      onEnd() {},
    }),
  };
}

/** A watch stays open after the client half-closed, as clients of server streams do; @see grpc/health/v1/health.proto */
function watchCall(peer: CallPeer, state: ServingState, service: string): ReturnType<CallFactory> {
  let stop: (() => void) | undefined;
  const forget = state.onClose(() => peer.end(grpcStatus.unavailable, 'the server is closing'));
  return {
    staysOpenAfterHalfClose: true,
    onMessage(message) {
      if (stop) return;
      const known = isKnown(message, service);
      stop = known ? state.watch((status) => peer.send(checkFrame(status))) : () => {};
      if (!known) peer.send(checkFrame(ServingStatus.SERVICE_UNKNOWN));
    },
    onEnd() {
      stop?.();
      forget();
    },
  };
}

function isKnown(message: Buffer, service: string): boolean {
  const asked = fromBinary(HealthCheckRequestSchema, message).service;
  return asked === '' || asked === service;
}

const checkFrame = (status: ServingStatus) =>
  frame(toBinary(HealthCheckResponseSchema, create(HealthCheckResponseSchema, { status })));

function frame(message: Uint8Array): Buffer {
  const framed = Buffer.alloc(FRAME_PREFIX_BYTES + message.length);
  framed.set(message, FRAME_PREFIX_BYTES);
  return writeFramePrefix(framed);
}
