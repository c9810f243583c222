import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { UserFacingError } from '../../shared/errors.js';

/** A client that does not finish its headers in this time is cut off. @see spec extproc.md section 1.3 */
const HEADERS_TIMEOUT_MS = 5_000;
/** Node looks for late clients only this often. */
const TIMEOUT_CHECK_INTERVAL_MS = 1_000;
const HEADERS_MAX_BYTES = 16 * 1_024;

/** HTTP server of the admin application: `NestFactory.create(module, new AdminHttpAdapter(), { bodyParser: false })`. */
export class AdminHttpAdapter extends ExpressAdapter {
  constructor() {
    super();
    this.disable('x-powered-by');
  }

  override initHttpServer(): void {
    const server: Server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: 2 * HEADERS_TIMEOUT_MS,
        connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
        maxHeaderSize: HEADERS_MAX_BYTES,
      },
      this.getInstance(),
    );
    this.setHttpServer(server);
  }
}

/**
 * Opens the admin port on all interfaces and returns its number, which differs from the one asked for if that is 0. `flag` is the
 * one that sets it.
 * @throws UserFacingError if the port cannot be had
 */
export async function listenAdmin(app: INestApplication, port: number, flag = '-adminPort'): Promise<number> {
  try {
    await app.listen(port);
  } catch (error) {
    const why = LISTEN_FAULTS[(error as NodeJS.ErrnoException).code ?? ''];
    if (why === undefined) throw error;
    throw new UserFacingError(`cannot listen on admin port ${port}: ${why}, or choose another port with ${flag}`, {
      cause: error,
    });
  }
  return (app.getHttpServer().address() as AddressInfo).port;
}

const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; end that process',
  EACCES: 'this user may not open it; start as a user who may',
};
