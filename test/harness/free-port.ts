import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that the kernel gives to outgoing connections and to listeners on port 0 (32768 and up on Linux). */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const issued = new Set<number>();

/**
 * A port of 127.0.0.1 for programs that cannot tell which port they got when asked for 0: free a moment ago, never given
 * twice by this process, and out of the range in which other programs get theirs meanwhile.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if (issued.has(port) || !(await isFree(port))) continue;
    issued.add(port);
    return port;
  }
}

/** On all interfaces, as the programs under test listen. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
