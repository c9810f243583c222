import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { checkPorts } from './ports.js';

let server: Server | undefined;
afterEach(() => void server?.close());

async function takenPort(): Promise<number> {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('checkPorts', () => {
  it('passes and leaves the port free when nobody has it', async () => {
    const port = await takenPort();
    server!.close();
    await once(server!, 'close');
    const wanted = { port, purpose: 'admin', remedy: 'set --admin-port' };
    await checkPorts([wanted]);
    await expect(checkPorts([wanted])).resolves.toBeUndefined();
  });

  it('names every port in use, what it is for and what to do', async () => {
    const port = await takenPort();
    await expect(
      checkPorts([
        { port, host: '127.0.0.1', purpose: 'admin', remedy: 'set --admin-port' },
        { port, host: '127.0.0.1', purpose: 'listener http', remedy: 'change the listener' },
      ]),
    ).rejects.toThrow(
      `port ${port} (admin) is in use: stop the program that has it, or set --admin-port\n` +
        `port ${port} (listener http) is in use: stop the program that has it, or change the listener`,
    );
  });
});
