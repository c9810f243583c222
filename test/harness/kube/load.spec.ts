import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { send } from '../http-client.js';
import { Load } from './load.js';

describe('Load', () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.close();
  });

  /** What a load sees of a server that treats its first connections in this way, and answers 200 afterwards. */
  async function outcomes(first: number, treat: (socket: Socket) => void): Promise<Readonly<Record<string, number>>> {
    let connections = 0;
    const answered = Promise.withResolvers<void>();
    server = createServer((socket) => {
      connections += 1;
      const isTreated = connections <= first;
      socket.on('error', () => {});
      socket.once('data', () => {
        if (isTreated) return treat(socket);
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
        answered.resolve();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const load = new Load(async () => (await send(port, '/')).status);
    await answered.promise;
    const { 200: served = 0, ...others } = await load.end();
    expect(served).toBeGreaterThan(0);
    return others;
  }

  it('opens a connection again that was reset before any answer', async () => {
    expect(await outcomes(3, (socket) => socket.resetAndDestroy())).toEqual({});
  });

  it('does so for a bounded number of them', async () => {
    expect(await outcomes(25, (socket) => socket.resetAndDestroy())).toEqual({ 'Error: read ECONNRESET': 5 });
  });

  it('counts a connection that was closed without an answer', async () => {
    expect(await outcomes(3, (socket) => socket.end())).toEqual({ 'Error: socket hang up': 3 });
  });
});
