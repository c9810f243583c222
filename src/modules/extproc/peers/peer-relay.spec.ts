import { afterEach, describe, expect, it } from '@jest/globals';
import { Http2GrpcServer } from '../../../platform/grpc/http2-grpc-server.js';
import type { CallFactory } from '../../../platform/grpc/call.js';
import { FRAME_PREFIX_BYTES, writeFramePrefix } from '../../../platform/grpc/message-frames.js';
import { grpcStatus } from '../../../platform/grpc/status.js';
import { PeerRelay, RELAYED_METADATA_HEADER } from './peer-relay.js';

const PATH = '/envoy.service.ext_proc.v3.ExternalProcessor/Process';
const closing: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const frameOf = (payload: Buffer) => writeFramePrefix(Buffer.concat([Buffer.alloc(FRAME_PREFIX_BYTES), payload]));

/** Answers with what came, twice over, unless told to say nothing. */
const echo =
  (seen: string[] = []): CallFactory =>
  (peer, metadata) => ({
    onMessage(message) {
      seen.push(`${String(metadata[RELAYED_METADATA_HEADER])} ${message.toString()}`);
      peer.send(frameOf(Buffer.concat([message, message])));
      peer.end(grpcStatus.ok);
    },
    onEnd() {},
  });

async function listen(factory: CallFactory): Promise<string> {
  const server = new Http2GrpcServer({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    calls: { [PATH]: factory },
    maxMessageBytes: 1 << 20,
    onSessionError: () => {},
  });
  await new Promise<void>((resolve, reject) => server.listen((error) => (error ? reject(error) : resolve())));
  closing.push(async () => {
    server.destroy();
    await server.close();
  });
  return `127.0.0.1:${(server.target as { port: number }).port}`;
}

function newRelay(maxMessageBytes = 1 << 20): PeerRelay {
  const relay = new PeerRelay(PATH, maxMessageBytes, () => undefined);
  closing.push(() => relay.close());
  return relay;
}

describe('PeerRelay', () => {
  it('gives the answer of the replica as a frame, and tells it that the message was passed on', async () => {
    const seen: string[] = [];
    const address = await listen(echo(seen));
    const relay = newRelay();
    const answers = await Promise.all(['a', 'bb'].map((text) => relay.relay(address, Buffer.from(text))));
    expect(answers.map((frame) => frame.subarray(FRAME_PREFIX_BYTES).toString())).toEqual(['aa', 'bbbb']);
    expect(seen.sort()).toEqual(['1 a', '1 bb']);
  });

  it('carries large messages both ways', async () => {
    const address = await listen(echo());
    const large = Buffer.alloc(400_000, 7);
    const frame = await newRelay().relay(address, large);
    expect(frame.length).toBe(FRAME_PREFIX_BYTES + 2 * large.length);
  });

  it('rejects when nobody listens there', async () => {
    const address = await listen(echo());
    await closing.pop()!();
    await expect(newRelay().relay(address, Buffer.from('a'))).rejects.toThrow(address);
  });

  it('rejects when the replica ends the stream without an answer', async () => {
    const address = await listen((peer) => ({
      onMessage: () => peer.end(grpcStatus.internal, 'no'),
      onEnd() {},
    }));
    await expect(newRelay().relay(address, Buffer.from('a'))).rejects.toThrow('without an answer');
  });

  it('rejects an answer that is larger than allowed', async () => {
    const address = await listen(echo());
    await expect(newRelay(10).relay(address, Buffer.alloc(20))).rejects.toThrow('at most 10');
  });

  it('connects again when the replica was restarted', async () => {
    const relay = newRelay();
    const first = await listen(echo());
    await relay.relay(first, Buffer.from('a'));
    await closing.pop()!();
    await expect(relay.relay(first, Buffer.from('a'))).rejects.toThrow(first);
    const second = await listen(echo());
    expect((await relay.relay(second, Buffer.from('b'))).subarray(FRAME_PREFIX_BYTES).toString()).toBe('bb');
  });
});
