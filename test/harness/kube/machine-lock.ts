import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { eventually } from '../eventually.js';

/** Nobody connects to it: who listens there holds the lock. Below the ports that free-port.ts gives out. */
const LOCK_PORT = 17_999;
const WAIT_MS = 900_000;

/**
 * One at a time on this machine, over all processes: Envoy Gateway listens on fixed ports. The kernel gives the lock
 * back when its holder dies.
 */
export class MachineLock {
  private constructor(private readonly server: Server) {}

  static async take(): Promise<MachineLock> {
    return new MachineLock(await eventually(`the lock on port ${LOCK_PORT} to be free`, tryTake, WAIT_MS));
  }

  async release(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }
}

async function tryTake(): Promise<Server | undefined> {
  const server = createServer().listen(LOCK_PORT, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}
