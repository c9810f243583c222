import { once } from 'node:events';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GrpcServerUnderTest, framed, type RawCall } from '../../../test/harness/grpc-server-under-test.js';
import { eventually, within } from '../../../test/harness/eventually.js';
import { TemporaryDirectory } from '../../../test/harness/temporary-directory.js';
import type { CallFactory } from './call.js';

const PATH = '/test.Service/Method';
const identity = (bytes: Buffer) => bytes;
const echo: CallFactory = (peer) => ({ onMessage: (message) => peer.send(framed(message)), onEnd() {} });

let running: GrpcServerUnderTest[] = [];
let directory: TemporaryDirectory;
beforeEach(() => {
  directory = new TemporaryDirectory();
});
afterEach(async () => {
  for (const server of running) await server.stop();
  running = [];
  directory.remove();
});

const start = async (path?: string): Promise<GrpcServerUnderTest> => {
  const server = new GrpcServerUnderTest(
    { [PATH]: echo },
    path === undefined ? {} : { address: { kind: 'unix', path } },
  );
  running.push(server);
  return server.start();
};

async function echoOf(call: RawCall, text: string): Promise<string> {
  call.send(text).end();
  await call.status();
  return call.messages.map(String).join();
}

describe('Http2GrpcServer', () => {
  it('answers an unknown method with UNIMPLEMENTED', async () => {
    const server = await start();
    const call = server.grpcClient().makeBidiStreamRequest('/test.Service/Other', identity, identity);
    const error = await new Promise<{ code: number; details: string }>((resolve) => call.on('error', resolve as never));
    expect(error).toMatchObject({ code: 12, details: 'unknown method /test.Service/Other' });
  });

  it.each(['constructor', '__proto__', 'toString'])('answers a call of "%s" like any unknown method', async (path) => {
    const server = await start();
    const call = (await server.connection()).call(path, { ':scheme': 'foo' });
    call.end();
    await call.status().catch(() => undefined);
    expect(await echoOf((await server.connection()).call(PATH), 'still here')).toBe('still here');
  });

  it.each([
    ['another content type', { 'content-type': 'application/json' }, 415],
    ['gRPC for browsers', { 'content-type': 'application/grpc-web+proto' }, 415],
    ['messages that are not protobuf', { 'content-type': 'application/grpc+json' }, 415],
    ['another method', { ':method': 'PUT' }, 405],
    ['a page view', { ':method': 'GET', 'content-type': 'text/html' }, 415],
  ])('refuses %s with HTTP status', async (_, more, status) => {
    const server = await start();
    const call = (await server.connection()).call(PATH, more);
    call.end();
    await call.status();
    expect(call.headers[':status']).toBe(status);
  });

  it.each(['application/grpc', 'application/grpc+proto', 'application/grpc;charset=utf-8'])(
    'accepts %s',
    async (type) => {
      const server = await start();
      expect(await echoOf((await server.connection()).call(PATH, { 'content-type': type }), 'x')).toBe('x');
    },
  );

  it('refuses on a connection that goes on to serve', async () => {
    const server = await start();
    const connection = await server.connection();
    for (let i = 0; i < 200; i++) await connection.call('/unknown').status();
    expect(await echoOf(connection.call(PATH), 'x')).toBe('x');
  });

  it('tells the port that it got', async () => {
    const server = await start();
    expect(server.server.target).toEqual({ kind: 'tcp', host: '127.0.0.1', port: expect.any(Number) });
    expect(server.port).toBeGreaterThan(0);
  });

  it('reports that it cannot listen', async () => {
    const server = await start();
    const second = new GrpcServerUnderTest({}, { address: server.server.target });
    await expect(second.start()).rejects.toThrow(
      /^cannot listen on 127.0.0.1:\d+: another process listens there; end that process, or choose/,
    );
  });

  it('has no events for others', async () => {
    const server = await start();
    expect(() => server.server.on()).toThrow('events of this transport are not for subscribers');
  });
});

describe('Http2GrpcServer on a Unix socket', () => {
  it('serves, lets its group in, and takes the socket away when it closes', async () => {
    const path = directory.file('run.sock');
    const server = await start(path);
    expect(statSync(path).mode & 0o777).toBe(0o775);
    const call = server.grpcClient(`unix:${path}`).makeBidiStreamRequest(PATH, identity, identity);
    const answer = once(call, 'data');
    call.on('error', () => {});
    call.write(Buffer.from('x'));
    expect(String((await answer)[0])).toBe('x');
    call.cancel();
    await server.stop();
    expect(existsSync(path)).toBe(false);
  });

  it('replaces the socket of a process that is gone', async () => {
    const path = directory.file('run.sock');
    await leaveStaleSocket(path);
    const server = await start(path);
    expect(await echoOf((await server.connection()).call(PATH), 'x')).toBe('x');
  });

  it('does not delete a file that is no socket', async () => {
    const path = directory.file('precious');
    writeFileSync(path, 'data');
    await expect(start(path)).rejects.toThrow(/^cannot listen on unix:.*: another process listens there/);
    expect(statSync(path).size).toBe(4);
  });
});

/** A socket file that nobody listens on, as a killed process leaves it. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { spawnSync } = await import('node:child_process');
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  expect(statSync(path).isSocket()).toBe(true);
  chmodSync(path, 0o600);
}

describe('Http2GrpcServer when a connection is bad', () => {
  const garbage = async (server: GrpcServerUnderTest, bytes: Uint8Array): Promise<Socket> => {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(bytes);
    return socket;
  };

  it.each([
    ['garbage', Buffer.alloc(4096, 0x7a)],
    ['HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n')],
  ])('closes it on %s, reports it once and serves the others', async (_, bytes) => {
    const server = await start();
    const other = (await server.connection()).call(PATH).send('before');
    await other.message(0);
    const socket = await garbage(server, bytes);
    socket.resume();
    await within('the end of the bad connection', once(socket, 'close'));
    await eventually('the report', () => server.sessionErrors.length > 0);
    expect(await echoOf(other, 'after')).toBe('before,after');
    expect(server.sessionErrors).toHaveLength(1);
  });

  it('survives a connection that comes and goes', async () => {
    const server = await start();
    for (let i = 0; i < 20; i++) (await garbage(server, Buffer.from('PRI * HTTP/2.0\r\n'))).destroy();
    expect(await echoOf((await server.connection()).call(PATH), 'x')).toBe('x');
  });
});

describe('Http2GrpcServer.close', () => {
  it('announces its end, lets open calls end and takes no new connections', async () => {
    const server = await start();
    const connection = await server.connection();
    const goaway = once(connection.session, 'goaway');
    const open = connection.call(PATH).send('before');
    await open.message(0);
    let isClosed = false;
    const closed = server.server.close().then(() => (isClosed = true));
    await within('GOAWAY', goaway);
    const { port } = server;
    await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toThrow(/ECONNREFUSED/);
    open.send('during');
    expect(String(await open.message(1))).toBe('during');
    expect(isClosed).toBe(false);
    open.end();
    expect(await open.status()).toEqual([0, '']);
    await within('the end of the server', closed);
  });

  it('closes idle connections, and does nothing the second time', async () => {
    const server = await start();
    const connection = await server.connection();
    const gone = once(connection.session, 'close');
    await within('the end of the server', server.server.close());
    await within('the end of the connection', gone);
    await server.server.close();
    expect(connection.session.destroyed).toBe(true);
  });

  it('gives up open calls when it is destroyed', async () => {
    const server = await start();
    const call = (await server.connection()).call(PATH).send('x');
    await call.message(0);
    const closed = server.server.close();
    server.server.destroy();
    await within('the end of the server', closed);
    await call.status();
    expect(call.headers['grpc-status']).toBeUndefined();
  });
});
