import { once } from 'node:events';
import { createServer } from 'node:net';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as Status,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
} from '../../gen/proto/grpc/health/v1/health_pb.js';
import type { CallFactory, CallPeer } from './call.js';
import { GrpcJsServer } from './grpc-js-server.js';
import { healthCalls, ServingState } from './health-calls.js';
import { formatListenAddress, parseListenAddress } from './listen-address.js';
import { GrpcError, grpcStatus } from './status.js';
import { unaryCall } from './unary-call.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});
const asIs = (message: Buffer) => message;

async function serve(
  calls: Record<string, CallFactory>,
  { address = '127.0.0.1:0', maxMessageBytes = 1 << 20, closeLimitMs = 10_000 } = {},
) {
  const server = new GrpcJsServer({
    address: parseListenAddress(address),
    calls,
    maxMessageBytes,
    closeLimitMs,
    addressFlag: 'port',
  });
  cleanups.push(() => server.destroy());
  const error = await new Promise((resolve) => server.listen(resolve));
  return { server, error };
}

function clientOf(server: GrpcJsServer): Client {
  const { target } = server;
  const at = target.kind === 'tcp' ? `127.0.0.1:${target.port}` : formatListenAddress(target);
  const client = new Client(at, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  });
  cleanups.push(() => client.close());
  return client;
}

/** The answer, or the code and details of the failure. */
const ask = (client: Client, path: string, message = Buffer.from('x'), metadata = new Metadata()) =>
  new Promise<Buffer | [number, string]>((resolve) => {
    client.makeUnaryRequest<Buffer, Buffer>(path, asIs, asIs, message, metadata, (error: ServiceError | null, answer) =>
      resolve(error === null ? (answer ?? Buffer.alloc(0)) : [error.code, error.details]),
    );
  });

const refuseUnread = () => {
  throw new Error('the request was not read');
};
const echo: CallFactory = unaryCall((message) => Buffer.concat([message, Buffer.from('!')]), refuseUnread);

describe('GrpcJsServer', () => {
  it('answers a call', async () => {
    const { server, error } = await serve({ '/s/Echo': echo });
    expect(error).toBeUndefined();
    expect(await ask(clientOf(server), '/s/Echo')).toEqual(Buffer.from('x!'));
  });

  it('answers an empty message and gives an empty one', async () => {
    const { server } = await serve({ '/s/Nothing': unaryCall(() => new Uint8Array(), refuseUnread) });
    expect(await ask(clientOf(server), '/s/Nothing', Buffer.alloc(0))).toEqual(Buffer.alloc(0));
  });

  it('answers UNIMPLEMENTED for other methods', async () => {
    const { server } = await serve({ '/s/Echo': echo });
    expect(await ask(clientOf(server), '/s/Other')).toEqual([grpcStatus.unimplemented, expect.any(String)]);
  });

  it('hands over the text metadata of a call', async () => {
    const factory: CallFactory = (peer, headers) => ({
      onMessage() {
        peer.send(Buffer.from(`\0\0\0\0\0${String(headers['x-who'])}`));
        peer.end(grpcStatus.ok);
      },
      onEnd() {},
    });
    const { server } = await serve({ '/s/Who': factory });
    const metadata = new Metadata();
    metadata.set('x-who', 'me');
    expect(await ask(clientOf(server), '/s/Who', Buffer.from('x'), metadata)).toEqual(Buffer.from('me'));
  });

  it.each([
    ['a GrpcError', new GrpcError(grpcStatus.unavailable, 'not yet'), [grpcStatus.unavailable, 'not yet']],
    ['a mistake, without telling it', new Error('secret detail'), [grpcStatus.internal, 'internal error']],
  ])('ends a call with the status of %s and goes on with the next', async (_case, thrown, expected) => {
    const failing = unaryCall(() => {
      throw thrown;
    }, refuseUnread);
    const { server } = await serve({ '/s/Fail': failing, '/s/Echo': echo });
    const client = clientOf(server);
    expect(await ask(client, '/s/Fail')).toEqual(expected);
    expect(await ask(client, '/s/Echo')).toEqual(Buffer.from('x!'));
  });

  it('refuses a message above the limit and tells the logic that it was not read', async () => {
    let unread = 0;
    const counting = unaryCall(asIs, () => void unread++);
    const { server } = await serve({ '/s/Echo': counting }, { maxMessageBytes: 1000 });
    const client = clientOf(server);
    expect(await ask(client, '/s/Echo', Buffer.alloc(1001))).toEqual([
      grpcStatus.resourceExhausted,
      expect.any(String),
    ]);
    expect(unread).toBe(1);
    expect(await ask(client, '/s/Echo', Buffer.alloc(1000))).toEqual(Buffer.alloc(1000));
    expect(unread).toBe(1);
  });

  it('carries 30 MB each way', async () => {
    const { server } = await serve({ '/s/Echo': unaryCall(asIs, refuseUnread) }, { maxMessageBytes: 64 << 20 });
    const message = Buffer.alloc(30_000_000, 7);
    const answer = await ask(clientOf(server), '/s/Echo', message);
    expect(Buffer.isBuffer(answer) && answer.equals(message)).toBe(true);
  });

  it('takes the messages of a stream in order, one after another', async () => {
    const seen: string[] = [];
    const factory: CallFactory = (peer) => ({
      async onMessage(message) {
        seen.push(`begin ${message.toString()}`);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(`end ${message.toString()}`);
      },
      onEnd(end) {
        peer.send(Buffer.from(`\0\0\0\0\0${end}`));
      },
    });
    const { server } = await serve({ '/s/Stream': factory });
    const call = clientOf(server).makeBidiStreamRequest<Buffer, Buffer>('/s/Stream', asIs, asIs);
    for (const text of ['1', '2']) call.write(Buffer.from(text));
    call.end();
    const [answer] = (await once(call, 'data')) as [Buffer];
    expect(answer.toString()).toBe('half-closed');
    expect(seen).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('tells the logic when the client gives up', async () => {
    const ended = Promise.withResolvers<string>();
    const started = Promise.withResolvers<void>();
    const factory: CallFactory = () => ({
      staysOpenAfterHalfClose: true,
      onMessage: () => started.resolve(),
      onEnd: (end) => ended.resolve(end),
    });
    const { server } = await serve({ '/s/Wait': factory });
    const call = clientOf(server).makeServerStreamRequest<Buffer, Buffer>('/s/Wait', asIs, asIs, Buffer.from('x'));
    call.on('error', () => {});
    await started.promise;
    call.cancel();
    expect(await ended.promise).toBe('cancelled');
  });

  it.each([':0', '[::1]:0', 'localhost:0'])('listens on %s', async (address) => {
    const { server, error } = await serve({ '/s/Echo': echo }, { address });
    expect(error).toBeUndefined();
    expect(server.target).toMatchObject({ kind: 'tcp', port: expect.any(Number) });
    expect(server.target).not.toMatchObject({ port: 0 });
  });

  it('tells which flag to change when the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    cleanups.push(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const { error } = await serve({}, { address: `127.0.0.1:${port}` });
    expect(String(error)).toMatch(
      new RegExp(`cannot listen on 127.0.0.1:${port}: .*EADDRINUSE.*choose another address with -port`),
    );
  });
});

describe('GrpcJsServer, closing', () => {
  /** A call that is open until the test ends it. */
  function openCall() {
    const begun = Promise.withResolvers<CallPeer>();
    const factory: CallFactory = (peer) => ({
      staysOpenAfterHalfClose: true,
      onMessage: () => begun.resolve(peer),
      onEnd() {},
    });
    return { begun: begun.promise, factory };
  }

  it('lets an open call end', async () => {
    const { begun, factory } = openCall();
    const { server } = await serve({ '/s/Open': factory });
    const answer = ask(clientOf(server), '/s/Open');
    const peer = await begun;
    const closed = server.close();
    peer.send(Buffer.from('\0\0\0\0\0late'));
    peer.end(grpcStatus.ok);
    expect(await answer).toEqual(Buffer.from('late'));
    await closed;
  });

  it('ends a call that does not end in time', async () => {
    const { begun, factory } = openCall();
    const { server } = await serve({ '/s/Open': factory }, { closeLimitMs: 20 });
    const answer = ask(clientOf(server), '/s/Open');
    await begun;
    await server.close();
    expect(await answer).toEqual([expect.any(Number), expect.any(String)]);
  });

  it('may be asked for twice, and before listening', async () => {
    const { server } = await serve({});
    await server.close();
    const never = new GrpcJsServer({
      address: parseListenAddress(':0'),
      calls: {},
      maxMessageBytes: 1,
      closeLimitMs: 1,
      addressFlag: 'port',
    });
    expect(await Promise.all([server.close(), never.close()])).toEqual([undefined, undefined]);
  });
});

describe('GrpcJsServer, health', () => {
  const SERVICE = 'name-of-server';
  const request = toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema));
  async function health() {
    const serving = new ServingState();
    const { server } = await serve(healthCalls(serving, SERVICE));
    return { serving, server, client: clientOf(server) };
  }

  it('answers Check and List', async () => {
    const { serving, client } = await health();
    const check = async () =>
      fromBinary(
        HealthCheckResponseSchema,
        (await ask(client, '/grpc.health.v1.Health/Check', Buffer.from(request))) as Buffer,
      ).status;
    expect(await check()).toBe(Status.NOT_SERVING);
    serving.set(Status.SERVING);
    expect(await check()).toBe(Status.SERVING);
    const list = await ask(client, '/grpc.health.v1.Health/List', Buffer.from(request));
    expect(fromBinary(HealthListResponseSchema, list as Buffer).statuses).toMatchObject({
      [SERVICE]: { status: Status.SERVING },
    });
  });

  it('tells a watch every change and ends it when the server closes', async () => {
    const { serving, server, client } = await health();
    const call = client.makeServerStreamRequest<Buffer, Buffer>(
      '/grpc.health.v1.Health/Watch',
      asIs,
      asIs,
      Buffer.from(request),
    );
    const error = once(call, 'error');
    const next = async () => {
      const [message] = (await once(call, 'data')) as [Buffer];
      return fromBinary(HealthCheckResponseSchema, message).status;
    };
    expect(await next()).toBe(Status.NOT_SERVING);
    const change = next();
    serving.set(Status.SERVING);
    expect(await change).toBe(Status.SERVING);
    const closed = server.close();
    serving.close();
    await closed;
    expect(await error).toMatchObject([{ code: grpcStatus.unavailable }]);
  });
});
