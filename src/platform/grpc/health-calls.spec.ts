import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
} from '../../gen/proto/grpc/health/v1/health_pb.js';
import { eventually, within } from '../../../test/harness/eventually.js';
import { GrpcServerUnderTest } from '../../../test/harness/grpc-server-under-test.js';
import { TemporaryDirectory } from '../../../test/harness/temporary-directory.js';
import { ServingState, ServingStatus, healthCalls } from './health-calls.js';
import { probeHealth } from './health-probe.js';

const identity = (bytes: Buffer) => bytes;
const requestOf = (service: string) =>
  Buffer.from(toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service })));
const statusOf = (bytes: Uint8Array) => ServingStatus[fromBinary(HealthCheckResponseSchema, bytes).status];

let state: ServingState;
let server: GrpcServerUnderTest;
beforeEach(async () => {
  state = new ServingState();
  server = await new GrpcServerUnderTest(healthCalls(state, 'extproc')).start();
});
afterEach(() => server.stop());

function unary(method: string, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    server
      .grpcClient()
      .makeUnaryRequest(
        `/grpc.health.v1.Health/${method}`,
        identity,
        identity,
        request,
        (error: ServiceError | null, answer?: Buffer) => (error ? reject(error) : resolve(answer!)),
      );
  });
}

function watch(service: string): { statuses: string[]; call: ClientReadableStream<Buffer> } {
  const statuses: string[] = [];
  const call = server
    .grpcClient()
    .makeServerStreamRequest('/grpc.health.v1.Health/Watch', identity, identity, requestOf(service));
  call.on('data', (message: Buffer) => statuses.push(statusOf(message)));
  call.on('error', () => {});
  return { statuses, call };
}

describe('Health.Check', () => {
  it.each(['', 'extproc'])('tells the status of service %p', async (service) => {
    expect(statusOf(await unary('Check', requestOf(service)))).toBe('NOT_SERVING');
    state.set(ServingStatus.SERVING);
    expect(statusOf(await unary('Check', requestOf(service)))).toBe('SERVING');
  });

  it('knows no other service', async () => {
    await expect(unary('Check', requestOf('other'))).rejects.toMatchObject({ code: 5, details: 'unknown service' });
  });

  it('refuses bytes that are no request without telling more', async () => {
    await expect(unary('Check', Buffer.from([0xff, 0xff]))).rejects.toMatchObject({
      code: 13,
      details: 'internal error',
    });
  });
});

describe('Health.List', () => {
  it('lists the service', async () => {
    state.set(ServingStatus.SERVING);
    const { statuses } = fromBinary(HealthListResponseSchema, await unary('List', Buffer.alloc(0)));
    expect(Object.entries(statuses).map(([name, { status }]) => [name, ServingStatus[status]])).toEqual([
      ['extproc', 'SERVING'],
    ]);
  });
});

describe('Health.Watch', () => {
  it('tells the status at once and each change once', async () => {
    const { statuses, call } = watch('extproc');
    await once(call, 'data');
    state.set(ServingStatus.SERVING);
    state.set(ServingStatus.SERVING);
    state.set(ServingStatus.NOT_SERVING);
    await eventually('all changes', () => statuses.length === 3);
    expect(statuses).toEqual(['NOT_SERVING', 'SERVING', 'NOT_SERVING']);
    call.cancel();
  });

  it('calls an unknown service unknown and leaves the call open', async () => {
    const { statuses, call } = watch('other');
    await once(call, 'data');
    state.set(ServingStatus.SERVING);
    // A second watch hears the change, so that the first one had its chance.
    const known = watch('');
    await once(known.call, 'data');
    expect(known.statuses).toEqual(['SERVING']);
    expect(statuses).toEqual(['SERVICE_UNKNOWN']);
    for (const one of [call, known.call]) one.cancel();
  });
});

describe('a server that closes', () => {
  it('ends open watches with UNAVAILABLE', async () => {
    const { call } = watch('extproc');
    await once(call, 'data');
    const ended = once(call, 'error');
    state.close();
    expect((await ended)[0]).toMatchObject({ code: 14, details: 'the server is closing' });
  });

  it('stays not serving while it drains, whatever is set', () => {
    state.set(ServingStatus.SERVING);
    state.drain();
    state.set(ServingStatus.SERVING);
    expect(state.status).toBe(ServingStatus.NOT_SERVING);
  });
});

describe('ServingState', () => {
  it('forgets a watcher that left', () => {
    const heard: ServingStatus[] = [];
    const stop = state.watch((status) => heard.push(status));
    stop();
    state.set(ServingStatus.SERVING);
    expect(heard).toEqual([ServingStatus.NOT_SERVING]);
  });
});

describe('probeHealth', () => {
  const soon = () => AbortSignal.timeout(5000);
  const others: Server[] = [];
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const other of others.splice(0)) await new Promise((resolve) => other.close(resolve));
  });
  /** Some other program on the port. */
  const otherServer = async (onConnection: (socket: Socket) => void) => {
    const other = createServer((socket) => {
      sockets.push(socket.on('error', () => {}));
      onConnection(socket);
    }).listen(0, '127.0.0.1');
    others.push(other);
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    return { kind: 'tcp', host: '127.0.0.1', port } as const;
  };

  it('asks over the socket that requests take', async () => {
    expect(await probeHealth(server.server.target, soon())).toBe('NOT_SERVING');
    state.set(ServingStatus.SERVING);
    expect(await probeHealth(server.server.target, soon())).toBe('SERVING');
  });

  it('asks on a Unix socket and on a listener for all addresses', async () => {
    const directory = new TemporaryDirectory();
    const target = { kind: 'unix', path: directory.file('s') } as const;
    const unix = await new GrpcServerUnderTest(healthCalls(state, 'extproc'), { address: target }).start();
    expect(await probeHealth(target, soon())).toBe('NOT_SERVING');
    await unix.stop();
    await expect(probeHealth(target, soon())).rejects.toThrow(/ENOENT/);
    directory.remove();
    expect(await probeHealth({ kind: 'tcp', host: '', port: server.port }, soon())).toBe('NOT_SERVING');
  });

  it('fails when nobody listens', async () => {
    const target = server.server.target;
    await server.stop();
    await expect(probeHealth(target, soon())).rejects.toThrow(/ECONNREFUSED/);
  });

  it('fails when the method is not there', async () => {
    const empty = await new GrpcServerUnderTest({}).start();
    await expect(probeHealth(empty.server.target, soon())).rejects.toThrow('the health service gave no answer');
    await empty.stop();
  });

  it('fails when the listener hangs up', async () => {
    const target = await otherServer((socket) => socket.end());
    await expect(within('a result', probeHealth(target, soon()))).rejects.toThrow(
      /the health service gave no answer|ECONNRESET|closed|cancel/i,
    );
  });

  it('fails at its deadline when the listener says nothing', async () => {
    const target = await otherServer(() => {});
    const control = new AbortController();
    const probe = probeHealth(target, control.signal);
    control.abort();
    await expect(probe).rejects.toThrow('deadline exceeded');
    await expect(probeHealth(target, AbortSignal.abort())).rejects.toThrow('deadline exceeded');
  });
});
