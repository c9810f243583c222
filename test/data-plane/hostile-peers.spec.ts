import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ProcessingRequestSchema,
  ProcessingResponseSchema,
} from '../../src/gen/proto/envoy/service/ext_proc/v3/external_processor_pb.js';
import { attributes as sourceAttributes } from '../../src/shared/headers.js';
import { eventually, within } from '../harness/eventually.js';
import { frame, GrpcPeer, type CallOutcome, type PeerCall } from '../harness/grpc-peer.js';
import { MEASURED } from '../harness/gateway.js';
import { residentBytes } from '../harness/resident-memory.js';
import { useWorld } from '../harness/world.js';

const PROCESS = '/envoy.service.ext_proc.v3.ExternalProcessor/Process';
const ROUTER = { 'x-aigw-filter': 'router' };
const UPSTREAM = { 'x-aigw-filter': 'upstream' };
const CHAT = '/v1/chat/completions';

const world = useWorld(
  ['openai'],
  ({ openai }) => ({
    routes: [
      { name: 'default/llm', rules: [{ model: 'gpt-x', backends: [{ name: 'default/openai', upstream: openai }] }] },
    ],
  }),
  { extprocFlags: [...(MEASURED.extprocFlags ?? []), '-maxRecvMsgSize', String(1 << 20)] },
);

type Init = MessageInitShape<typeof ProcessingRequestSchema>;
const message = (request: NonNullable<Init['request']>, attributes: NonNullable<Init['attributes']> = {}) =>
  frame(toBinary(ProcessingRequestSchema, create(ProcessingRequestSchema, { request, attributes })));
const backendAttribute = sourceAttributes.hostBackendName;
const headersOf = (fields: Readonly<Record<string, string>>) => ({
  headers: { headers: Object.entries(fields).map(([key, value]) => ({ key, rawValue: Buffer.from(value) })) },
});

const chatHeaders = message({
  case: 'requestHeaders',
  value: headersOf({ ':method': 'POST', ':path': CHAT, 'x-request-id': 'r' }),
});
const chatBody = message({ case: 'requestBody', value: { body: Buffer.from('{"model":"gpt-x"}'), endOfStream: true } });
const trailers = message({ case: 'requestTrailers', value: {} });
const responseHeaders = message({ case: 'responseHeaders', value: headersOf({ ':status': '200' }) });
/** Field 2, request_headers, says 100 bytes and brings 3. */
const cutProtobuf = frame(Buffer.from([0x12, 100, 1, 2, 3]));

let peers: GrpcPeer[] = [];
let sockets: Socket[] = [];
afterEach(() => {
  for (const peer of peers) peer.close();
  for (const socket of sockets) socket.destroy();
  peers = [];
  sockets = [];
});

function newPeer(): GrpcPeer {
  const peer = new GrpcPeer(world.gateway.extproc.socket);
  peers.push(peer);
  return peer;
}

async function newSocket(): Promise<Socket> {
  const socket = connect(world.gateway.extproc.socket);
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** A request through Envoy is served while the hostile call is under way, and after it. */
async function besideService<T>(hostile: () => Promise<T>): Promise<T> {
  const ask = () => world.gateway.send(CHAT, { body: { model: 'gpt-x' } });
  const [outcome, beside] = await Promise.all([hostile(), ask()]);
  expect([beside.status, (await ask()).status]).toEqual([200, 200]);
  expect(world.gateway.extproc.process.end).toBeUndefined();
  return outcome;
}

describe('a peer that sends garbage in a call', () => {
  it.each<[string, number, string, (call: PeerCall) => unknown]>([
    [
      'a compressed message',
      12,
      'compressed gRPC messages are not supported',
      (call) => call.write(frame(Buffer.from('x'), 1)),
    ],
    [
      'an unknown flag',
      12,
      'compressed gRPC messages are not supported',
      (call) => call.write(frame(Buffer.from('x'), 7)),
    ],
    [
      'a message that is too large',
      8,
      'received message of 1048577 bytes, at most 1048576 are accepted',
      (call) => call.write(frame(Buffer.alloc(0), 0, (1 << 20) + 1)),
    ],
    [
      'the length 4 GiB',
      8,
      'received message of 4294967295 bytes, at most 1048576 are accepted',
      (call) => call.write(frame(Buffer.alloc(100), 0, 0xffff_ffff)),
    ],
    [
      'half a message',
      13,
      'the stream ended inside a message',
      (call) => call.write(frame(Buffer.alloc(10), 0, 100)).end(),
    ],
    ['half a prefix', 13, 'the stream ended inside a message', (call) => call.write(Buffer.from([0, 0])).end()],
    ['protobuf that is cut', 13, 'malformed protobuf message: field 2 is cut', (call) => call.write(cutProtobuf)],
    [
      'protobuf of a wrong type',
      13,
      'malformed protobuf message: field 2 has wire type 0',
      (call) => call.write(frame(Buffer.from([0x10, 1]))),
    ],
    [
      'a number without end',
      13,
      'malformed protobuf message: a number has more than 10 bytes',
      (call) => call.write(frame(Buffer.alloc(30, 0xff))),
    ],
    ['an empty message', 3, 'unexpected message unknown: pass-through', (call) => call.write(frame(Buffer.alloc(0)))],
  ])('%s ends it with status %i', async (_, grpcStatus, grpcMessage, send) => {
    const call = newPeer().call(PROCESS, ROUTER);
    const outcome = await besideService(async () => {
      send(call);
      return await call.over();
    });
    expect(outcome).toEqual({ httpStatus: 200, grpcStatus, grpcMessage });
  });

  it.each<[string, readonly Buffer[], Readonly<Record<string, string>>, number]>([
    ['headers twice', [chatHeaders, chatHeaders], ROUTER, 3],
    ['a body twice', [chatHeaders, chatBody, chatBody], ROUTER, 3],
    ['a second message on an upstream stream', [chatHeaders, chatBody], UPSTREAM, 13],
    ['an upstream stream without attributes', [chatHeaders], UPSTREAM, 13],
    ['an unknown message behind the headers', [chatHeaders, frame(Buffer.from([0x7a, 0]))], ROUTER, 3],
  ])('%s ends it with the status for that', async (_, messages, metadata, grpcStatus) => {
    const call = newPeer().call(PROCESS, metadata);
    const outcome = await besideService(async () => {
      for (const bytes of messages) call.write(bytes);
      return await call.over();
    });
    expect(outcome).toMatchObject({ httpStatus: 200, grpcStatus });
  });

  it.each<[string, readonly Buffer[]]>([
    [
      'a response without a request',
      [responseHeaders, message({ case: 'responseBody', value: { body: Buffer.from('x') } })],
    ],
    ['a body without headers', [chatBody]],
    ['trailers at once', [trailers]],
  ])('%s is passed by, as for answers of other filters', async (_, messages) => {
    const call = newPeer().call(PROCESS, ROUTER);
    for (const bytes of messages) call.write(bytes);
    call.end();
    expect(await besideService(() => call.over())).toMatchObject({ grpcStatus: 0 });
    expect(call.messages.map((bytes) => fromBinary(ProcessingResponseSchema, bytes).response.case)).toHaveLength(
      messages.length,
    );
  });

  it('an attempt of a request that nobody knows is answered with 503 and counted (X33)', async () => {
    const { extproc } = world.gateway;
    const name = 'aigateway_extproc_lost_sessions_total';
    const before = (await extproc.metrics()).sum(name);
    const call = newPeer().call(PROCESS, UPSTREAM);
    const attributes = {
      'envoy.filters.http.ext_proc': { [backendAttribute]: 'default/openai/route/llm/rule/0/ref/0' },
    };
    const value = headersOf({ 'x-ai-eg-internal-req-id': 'nobody', 'x-ai-eg-original-path': CHAT });
    call.write(message({ case: 'requestHeaders', value }, attributes));
    const [answer] = await besideService(() =>
      eventually('an answer', () => call.messages.length === 1 && call.messages),
    );
    expect(fromBinary(ProcessingResponseSchema, answer!).response).toMatchObject({
      case: 'immediateResponse',
      value: { status: { code: 503 }, details: 'aigw_lost_session' },
    });
    expect((await extproc.metrics()).sum(name)).toBe(before + 1);
  });

  it('in pieces of one byte is understood all the same', async () => {
    const call = newPeer().call(PROCESS, ROUTER);
    for (const byte of Buffer.concat([chatHeaders, chatBody])) {
      call.write(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    const [first, second] = await eventually('two answers', () => call.messages.length === 2 && call.messages);
    expect(fromBinary(ProcessingResponseSchema, first!).response.case).toBe('requestHeaders');
    expect(fromBinary(ProcessingResponseSchema, second!).response).toMatchObject({
      case: 'requestBody',
      value: { response: { clearRouteCache: true } },
    });
    call.reset();
  });
});

describe('a peer that asks for what is not there', () => {
  it.each<[string, string, Readonly<Record<string, string>>, Partial<CallOutcome>]>([
    [
      'an unknown method',
      '/no.Such/Method',
      {},
      { httpStatus: 200, grpcStatus: 12, grpcMessage: 'unknown method /no.Such/Method' },
    ],
    ['another content type', PROCESS, { 'content-type': 'text/plain' }, { httpStatus: 415 }],
    ['the method GET', PROCESS, { ':method': 'GET' }, { httpStatus: 405 }],
  ])('%s is refused', async (_, path, headers, expected) => {
    const call = newPeer().call(path, headers);
    expect(await besideService(() => call.end().over())).toMatchObject(expected);
  });

  it('is held to its own deadline', async () => {
    const call = newPeer().call(PROCESS, { ...ROUTER, 'grpc-timeout': '50m' });
    call.write(chatHeaders);
    expect(await besideService(() => call.over())).toEqual({
      httpStatus: 200,
      grpcStatus: 4,
      grpcMessage: 'deadline exceeded',
    });
  });
});

describe('a peer that does not speak HTTP/2', () => {
  it.each([
    ['HTTP/1.1', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello'],
    ['random bytes', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 251))],
    [
      'a preface and then an impossible frame',
      Buffer.concat([
        Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0]),
      ]),
    ],
  ])('is hung up on: %s', async (_, bytes) => {
    const socket = await newSocket();
    const closed = once(socket, 'close');
    socket.resume().write(bytes);
    await besideService(() => within('the connection to be closed', closed));
    expect(socket.destroyed).toBe(true);
  });

  it('does not keep anybody from service by saying nothing', async () => {
    for (let i = 0; i < 200; i++) await newSocket();
    expect(await besideService(async () => await Promise.resolve('still here'))).toBe('still here');
  });
});

describe('a peer that wants too much', () => {
  it('does not fill the memory when it never reads its answers', async () => {
    const { pid } = world.gateway.extproc.process;
    const before = await residentBytes(pid);
    const call = newPeer().call(PROCESS, ROUTER);
    call.stream.pause();
    const bytes = Buffer.concat(Array.from({ length: 1000 }, () => trailers));
    let written = 0;
    // The peer's own back-pressure ends this loop: the server stops reading.
    while (written < 20_000 && call.stream.writableLength < 32 << 20) {
      call.write(bytes);
      written += 1;
      await new Promise(setImmediate);
    }
    await besideService(async () => await Promise.resolve());
    expect((await residentBytes(pid)) - before).toBeLessThan(150 << 20);
  });

  it('may open thousands of streams, which end when it leaves', async () => {
    const peer = newPeer();
    const calls = Array.from({ length: 3000 }, () => peer.call(PROCESS, ROUTER).write(chatHeaders));
    await eventually('all to be answered', () => calls.every((call) => call.messages.length === 1));
    await besideService(async () => await Promise.resolve());
    peer.close();
    expect(await besideService(() => Promise.resolve('still here'))).toBe('still here');
  });
});
