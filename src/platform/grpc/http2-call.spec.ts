import { constants } from 'node:http2';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { GrpcServerUnderTest, framed } from '../../../test/harness/grpc-server-under-test.js';
import { eventually, within } from '../../../test/harness/eventually.js';
import { Gate } from '../../../test/harness/gate.js';
import type { CallEnd, CallFactory, CallPeer } from './call.js';
import { GrpcError, grpcStatus } from './status.js';

const PATH = '/test.Service/Method';
const identity = (bytes: Buffer) => bytes;

let running: GrpcServerUnderTest[] = [];
afterEach(async () => {
  for (const server of running) await server.stop();
  running = [];
});

async function start(factory: CallFactory, maxMessageBytes?: number): Promise<GrpcServerUnderTest> {
  const server = new GrpcServerUnderTest({ [PATH]: factory }, maxMessageBytes === undefined ? {} : { maxMessageBytes });
  running.push(server);
  return server.start();
}

/** Calls `onMessage` with each message and keeps how calls ended. */
function recorder(onMessage: (peer: CallPeer, message: Buffer, index: number) => void | Promise<void>) {
  const ends: { end: CallEnd; cause: unknown }[] = [];
  const received: string[] = [];
  let opened = 0;
  const factory: CallFactory = (peer) => {
    opened++;
    let index = 0;
    return {
      onMessage(message) {
        received.push(message.toString());
        return onMessage(peer, message, index++);
      },
      onEnd: (end, cause) => ends.push({ end, cause }),
    };
  };
  return { factory, ends, received, opened: () => opened };
}

const echo = () => recorder((peer, message) => peer.send(framed(message)));

async function collect(call: ClientDuplexStream<Buffer, Buffer>) {
  const messages: string[] = [];
  call.on('data', (message: Buffer) => messages.push(message.toString()));
  const code = await new Promise<number>((resolve) => {
    call.on('status', (status) => resolve(status.code));
    call.on('error', () => {});
  });
  return { messages, code };
}

describe('Http2Call with the client of @grpc/grpc-js', () => {
  it('exchanges messages and ends with OK after half-close', async () => {
    const { factory, ends } = echo();
    const server = await start(factory);
    const call = server.grpcClient().makeBidiStreamRequest(PATH, identity, identity);
    for (const text of ['a', '', 'c'.repeat(200_000)]) call.write(Buffer.from(text));
    call.end();
    expect(await collect(call)).toEqual({ messages: ['a', '', 'c'.repeat(200_000)], code: grpcStatus.ok });
    expect(ends).toEqual([{ end: 'half-closed', cause: undefined }]);
  });

  it('ends with the status that the call logic gives', async () => {
    const server = await start((peer) => ({
      onMessage: () => {
        peer.send(framed('last'));
        peer.end(grpcStatus.notFound, 'größer als 100 %');
      },
      onEnd() {},
    }));
    const call = server.grpcClient().makeBidiStreamRequest(PATH, identity, identity);
    call.write(Buffer.from('x'));
    const error = new Promise<{ code: number; details: string }>((resolve) => call.on('error', resolve as never));
    const { messages } = await collect(call);
    expect(messages).toEqual(['last']);
    expect(await error).toMatchObject({ code: 5, details: 'größer als 100 %' });
  });

  it('ends the call at its deadline', async () => {
    const { factory, ends } = recorder(() => {});
    const server = await start(factory);
    const call = server.grpcClient().makeBidiStreamRequest(PATH, identity, identity, { deadline: Date.now() + 100 });
    call.write(Buffer.from('x'));
    expect((await collect(call)).code).toBe(grpcStatus.deadlineExceeded);
    await eventually('the end of the call', () => ends.length > 0);
    expect(ends).toHaveLength(1);
  });

  it('tells once that a client cancelled', async () => {
    const { factory, ends } = echo();
    const server = await start(factory);
    const call = server.grpcClient().makeBidiStreamRequest(PATH, identity, identity);
    call.write(Buffer.from('x'));
    await new Promise((resolve) => call.once('data', resolve));
    call.on('error', () => {});
    call.cancel();
    await eventually('the end of the call', () => ends.length > 0);
    // Node's client half-closes before it resets, so that either word may come.
    expect(ends).toHaveLength(1);
  });
});

describe('Http2Call spoken to by hand', () => {
  it('keeps the order of messages when handlers are slow, and answers in it', async () => {
    const gates = [new Gate(), new Gate(), new Gate()];
    const { factory, received, ends } = recorder(async (peer, message, index) => {
      await gates[index]!.opened;
      peer.send(framed(message));
    });
    const server = await start(factory);
    const call = (await server.connection()).call(PATH).send('0', '1', '2').end();
    await eventually('the first message', () => received.length === 1);
    gates[2]!.open();
    gates[1]!.open();
    expect(received).toEqual(['0']);
    gates[0]!.open();
    expect(await call.status()).toEqual([0, '']);
    expect(call.messages.map(String)).toEqual(['0', '1', '2']);
    expect(ends).toEqual([{ end: 'half-closed', cause: undefined }]);
  });

  it('handles a message that comes in single bytes', async () => {
    const { factory } = echo();
    const server = await start(factory);
    const call = (await server.connection()).call(PATH);
    for (const byte of framed('slow')) call.write(Buffer.from([byte]));
    call.end();
    await call.status();
    expect(call.messages.map(String)).toEqual(['slow']);
  });

  it('refuses a message that is too large while other calls go on', async () => {
    const { factory, ends } = echo();
    const server = await start(factory, 1000);
    const connection = await server.connection();
    const other = connection.call(PATH).send('before');
    await other.message(0);
    const call = connection.call(PATH).send('a', Buffer.alloc(1001));
    expect(await call.status()).toEqual([8, 'received message of 1001 bytes, at most 1000 are accepted']);
    expect(ends).toMatchObject([{ end: 'failed', cause: { name: 'GrpcError' } }]);
    other.send('after').end();
    expect(await other.status()).toEqual([0, '']);
    expect(other.messages.map(String)).toEqual(['before', 'after']);
  });

  it('refuses a compressed message', async () => {
    const server = await start(echo().factory);
    const call = (await server.connection()).call(PATH).write(Buffer.from([1, 0, 0, 0, 1, 0x61]));
    expect(await call.status()).toEqual([12, 'compressed gRPC messages are not supported']);
  });

  it.each([
    ['inside a prefix', Buffer.from([0, 0])],
    ['inside a message', framed('abc').subarray(0, 6)],
  ])('fails a call that half-closes %s', async (_, bytes) => {
    const { factory, ends } = echo();
    const server = await start(factory);
    const call = (await server.connection()).call(PATH).write(bytes).end();
    expect(await call.status()).toEqual([13, 'the stream ended inside a message']);
    expect(ends.map(({ end }) => end)).toEqual(['failed']);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
  ])('ends the call without telling why when its logic %s', async (_, fail) => {
    const { factory, ends, received } = recorder(fail);
    const server = await start(factory);
    const call = (await server.connection()).call(PATH).send('1', '2');
    expect(await call.status()).toEqual([13, 'internal error']);
    expect(ends).toEqual([{ end: 'failed', cause: new Error('secret') }]);
    expect(received).toEqual(['1']);
  });

  it.each([
    [
      'throws',
      () => {
        throw new GrpcError(grpcStatus.invalidArgument, 'why not');
      },
    ],
    ['rejects', () => Promise.reject(new GrpcError(grpcStatus.invalidArgument, 'why not'))],
  ])('tells the status of a GrpcError that its logic %s', async (_, fail) => {
    const server = await start(recorder(fail).factory);
    const call = (await server.connection()).call(PATH).send('1');
    expect(await call.status()).toEqual([3, 'why not']);
  });

  it('tells the status in trailers when the logic fails after an answer', async () => {
    const { factory } = recorder((peer, message, index) => {
      if (index === 1) throw new Error('secret');
      peer.send(framed(message));
    });
    const server = await start(factory);
    const call = (await server.connection()).call(PATH).send('1', '2');
    expect(await call.status()).toEqual([13, 'internal error']);
    expect(call.messages.map(String)).toEqual(['1']);
  });

  it('ends the call when its logic ends it, though the client keeps sending, and sends no more', async () => {
    const { factory, ends, received } = recorder((peer) => {
      peer.send(framed('only'));
      peer.end(grpcStatus.ok);
      peer.end(grpcStatus.internal, 'too late');
      peer.send(framed('too late'));
    });
    const server = await start(factory);
    const call = (await server.connection()).call(PATH).send('1', '2');
    expect(await call.status()).toEqual([0, '']);
    expect(call.messages.map(String)).toEqual(['only']);
    expect(received).toEqual(['1']);
    expect(call.stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    expect(ends).toEqual([{ end: 'cancelled', cause: undefined }]);
  });

  it('leaves a call open that stays open after half-close', async () => {
    const peers: CallPeer[] = [];
    const server = await start((peer) => ({
      staysOpenAfterHalfClose: true,
      onMessage: () => void peers.push(peer),
      onEnd() {},
    }));
    const call = (await server.connection()).call(PATH).send('1').end();
    await eventually('the message', () => peers.length === 1);
    peers[0]!.send(framed('later'));
    expect(String(await call.message(0))).toBe('later');
    peers[0]!.end(grpcStatus.ok);
    expect(await call.status()).toEqual([0, '']);
  });

  it('ends with OK a call without messages', async () => {
    const { factory, ends } = echo();
    const server = await start(factory);
    expect(await (await server.connection()).call(PATH).end().status()).toEqual([0, '']);
    expect(ends).toEqual([{ end: 'half-closed', cause: undefined }]);
  });

  it('does not end calls at once whose deadline is beyond what a timer can wait', async () => {
    const server = await start(echo().factory);
    const call = (await server.connection()).call(PATH, { 'grpc-timeout': '99999999H' }).send('x');
    expect(String(await call.message(0))).toBe('x');
    call.end();
    expect(await call.status()).toEqual([0, '']);
  });
});

describe('Http2Call when the peer goes away', () => {
  it('tells once that the call was cancelled while a handler runs, and handles no message after it', async () => {
    const gate = new Gate();
    const { factory, ends, received } = recorder(() => gate.opened);
    const server = await start(factory);
    const call = (await server.connection()).call(PATH).send('1', '2', '3');
    await eventually('the first message', () => received.length === 1);
    call.reset();
    await eventually('the end of the call', () => ends.length > 0);
    gate.open();
    await gate.opened;
    expect(received).toEqual(['1']);
    expect(ends).toEqual([{ end: 'cancelled', cause: undefined }]);
  });

  it('tells it also when it had stopped reading because its handlers are slow', async () => {
    const gate = new Gate();
    const { factory, ends, received } = recorder(() => gate.opened);
    const server = await start(factory);
    const call = (await server.connection()).call(PATH);
    for (let i = 0; i < 200; i++) call.send(Buffer.alloc(1000));
    await eventually('the first message', () => received.length === 1);
    call.reset();
    await eventually('the end of the call', () => ends.length > 0);
    expect(ends).toEqual([{ end: 'cancelled', cause: undefined }]);
    gate.open();
  });

  it('tells it also when the peer did not take its answers', async () => {
    const { factory, ends } = recorder((peer) => peer.send(framed(Buffer.alloc(200_000))));
    const server = await start(factory);
    const call = (await server.connection()).call(PATH);
    call.stream.pause();
    for (let i = 0; i < 100; i++) call.send('x');
    await eventually('an answer', () => Object.keys(call.headers).length > 0);
    call.reset();
    await eventually('the end of the call', () => ends.length > 0);
    expect(ends).toEqual([{ end: 'cancelled', cause: undefined }]);
  });

  it('tells each call of a connection that breaks', async () => {
    const { factory, ends, opened } = recorder(() => {});
    const server = await start(factory);
    const connection = await server.connection();
    for (let i = 0; i < 5; i++) connection.call(PATH).send('x');
    await eventually('all calls', () => opened() === 5);
    connection.socket.destroy();
    await eventually('their ends', () => ends.length === 5);
    expect(ends.every(({ end }) => end === 'cancelled')).toBe(true);
  });

  it('does not close a connection on which 3,000 calls were reset at once', async () => {
    const { factory, ends, opened } = recorder((peer, message) => peer.send(framed(message)));
    const server = await start(factory);
    const connection = await server.connection();
    let goaways = 0;
    connection.session.on('goaway', () => goaways++);
    for (let i = 0; i < 3000; i += 100) {
      const calls = Array.from({ length: 100 }, () => connection.call(PATH).send('x'));
      await within('the answers', Promise.all(calls.map((call) => call.message(0))));
      for (const call of calls) call.reset();
    }
    await eventually('the end of all calls', () => ends.length === 3000);
    const after = connection.call(PATH).send('still here').end();
    expect(await after.status()).toEqual([0, '']);
    expect(after.messages.map(String)).toEqual(['still here']);
    expect({ goaways, opened: opened(), closed: connection.session.closed }).toEqual({
      goaways: 0,
      opened: 3001,
      closed: false,
    });
  });
});

describe('Http2Call under pressure', () => {
  it('stops reading while its handlers are slow', async () => {
    const gate = new Gate();
    const { factory, received } = recorder(() => gate.opened);
    const server = await start(factory, 1 << 20);
    const call = (await server.connection()).call(PATH);
    const message = framed(Buffer.alloc(100_000));
    let sentBytes = 0;
    // The window of a stream is 1 MiB: once it is full nothing flows until the server reads on.
    const fill = () => {
      while (sentBytes < 40 * message.length && call.stream.write(message)) sentBytes += message.length;
    };
    call.stream.on('drain', fill);
    fill();
    await eventually('the first message', () => received.length === 1);
    const stalled = await eventually('a stall', async () => {
      const before = call.stream.bufferSize;
      await new Promise((resolve) => setImmediate(resolve));
      return before > 0 && call.stream.bufferSize === before && call.stream.writableNeedDrain;
    });
    expect(stalled).toBe(true);
    expect(received).toHaveLength(1);
    gate.open();
    await eventually('the rest', () => received.length >= 40);
  });

  it('stops reading while its peer does not take the answers, and goes on when it does', async () => {
    const { factory, received } = recorder((peer) => peer.send(framed(Buffer.alloc(100_000, 1))));
    const server = await start(factory);
    const call = (await server.connection()).call(PATH);
    call.stream.pause();
    const count = 500;
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < count; i++) call.send(Buffer.alloc(1000));
    call.end();
    await eventually('an answer', () => received.length > 0);
    let last = -1;
    await eventually('a stall', () => {
      const isStalled = received.length === last;
      last = received.length;
      return isStalled;
    });
    expect(received.length).toBeLessThan(count / 2);
    // All answers are 50 MB; what may wait is the window and what one read of the peer caused.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(25e6);
    call.stream.resume();
    expect(await within('the end', call.status(), 20_000)).toEqual([0, '']);
    expect(call.messages).toHaveLength(count);
  });
});
