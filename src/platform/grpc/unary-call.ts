import type { CallFactory } from './call.js';
import { FRAME_PREFIX_BYTES, writeFramePrefix } from './message-frames.js';
import { grpcStatus } from './status.js';

/**
 * A call of one message and one answer. `answer` ends it with a status by throwing a GrpcError; `onUnread` hears of calls that
 * ended before their message was whole: it was too large, or the peer gave up.
 */
export const unaryCall =
  (answer: (message: Buffer) => Uint8Array | Promise<Uint8Array>, onUnread: () => void): CallFactory =>
  (peer) => {
    let isRead = false;
    return {
      async onMessage(message) {
        isRead = true;
        peer.send(frameOf(await answer(message)));
        peer.end(grpcStatus.ok);
      },
      onEnd() {
        if (!isRead) onUnread();
      },
    };
  };

function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_PREFIX_BYTES + message.length);
  frame.set(message, FRAME_PREFIX_BYTES);
  return writeFramePrefix(frame);
}
