import { once } from 'node:events';
import { createServer } from 'node:net';
import { UserFacingError } from '../../shared/errors.js';

export interface WantedPort {
  readonly port: number;
  readonly host?: string;
  /** `listener http of Gateway default/quickstart`. */
  readonly purpose: string;
  /** What to change to get another port: `set --admin-port`. */
  readonly remedy: string;
}

/**
 * Tries to open each port for a moment. Envoy itself cannot tell: it shares its ports (SO_REUSEPORT) with every other
 * Envoy of the user. Throws UserFacingError that names all ports that cannot be had, and what to do.
 */
export async function checkPorts(ports: readonly WantedPort[]): Promise<void> {
  const faults: string[] = [];
  for (const wanted of ports) {
    const fault = await tryPort(wanted);
    if (fault !== undefined) faults.push(`port ${wanted.port} (${wanted.purpose}) ${fault}, or ${wanted.remedy}`);
  }
  if (faults.length > 0) throw new UserFacingError(faults.join('\n'));
}

async function tryPort({ port, host }: WantedPort): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ port, ...(host === undefined ? {} : { host }), exclusive: true });
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    if (code === 'EADDRINUSE') return 'is in use: stop the program that has it';
    if (code === 'EACCES') return 'may not be opened by this user: use a port of 1024 or above';
    return `cannot be opened (${code})`;
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}
