import type { IncomingMessage, ServerResponse } from 'node:http';
import { UserFacingError } from '../../../shared/errors.js';
import type { Environment } from '../environment.js';
import { portFrom } from '../settings/port-variable.js';
import { DemoServer, sendJson } from './demo-server.js';

export interface DemoPorts {
  readonly primary: number;
  readonly fallback: number;
}

/** Variables that a configuration names to use the demo provider; their values are its two ports. */
export const DEMO_VARIABLES = { primary: 'AIGW_DEMO_PRIMARY_PORT', fallback: 'AIGW_DEMO_FALLBACK_PORT' } as const;
const DEFAULT_PORTS: DemoPorts = { primary: 1976, fallback: 1977 };
const DELAY_DEFAULT_MS = 5_000;
const DELAY_MAX_MS = 600_000;
const EVENT_INTERVAL_MS = 15;
const VERBS = ['fail', 'slow', 'stop', 'start', 'recover'] as const;

/** Whether a configuration text names the demo provider. */
export const usesDemo = (text: string): boolean => Object.values(DEMO_VARIABLES).some((name) => text.includes(name));

/** The ports given by the environment, else 1976 and 1977. Throws UserFacingError for what is no port. */
export const demoPorts = (env: Environment): DemoPorts => ({
  primary: portFrom(env, DEMO_VARIABLES.primary, DEFAULT_PORTS.primary),
  fallback: portFrom(env, DEMO_VARIABLES.fallback, DEFAULT_PORTS.fallback),
});

/** Variables that a configuration may use beside those of the environment. */
export const withDemoPorts = (env: Environment, ports: DemoPorts): Environment => ({
  ...env,
  [DEMO_VARIABLES.primary]: String(ports.primary),
  [DEMO_VARIABLES.fallback]: String(ports.fallback),
});

/**
 * Two instances of the demo provider. The primary one can be made to fail through the control API of the other:
 * `POST /demo/primary/{fail?status=503, slow?ms=5000, stop, start, recover}`, `GET /demo`.
 */
export class DemoPair {
  readonly primary: DemoServer;
  readonly fallback: DemoServer;

  constructor(ports: DemoPorts, eventIntervalMs = EVENT_INTERVAL_MS) {
    this.primary = new DemoServer({ instance: 'demo-primary', port: ports.primary, eventIntervalMs });
    this.fallback = new DemoServer({
      instance: 'demo-fallback',
      port: ports.fallback,
      eventIntervalMs,
      intercept: (request, response) => this.#control(request, response),
    });
  }

  /** Throws UserFacingError when a port is taken. */
  async start(): Promise<void> {
    await startOn(this.primary, DEMO_VARIABLES.primary);
    await startOn(this.fallback, DEMO_VARIABLES.fallback);
  }

  async stop(): Promise<void> {
    await Promise.all([this.primary.stop(), this.fallback.stop()]);
  }

  async #control(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname !== '/demo' && !url.pathname.startsWith('/demo/')) return false;
    request.resume();
    const problem =
      request.method === 'GET' && url.pathname === '/demo' ? undefined : await this.#obey(request.method, url);
    if (problem === undefined) sendJson(response, 200, { primary: this.#state() });
    else
      sendJson(response, problem.status, {
        error: { message: problem.message, type: 'invalid_request_error', param: null, code: null },
      });
    return true;
  }

  /** Carries a command out; returns what is wrong with it. */
  async #obey(method: string | undefined, url: URL): Promise<{ status: number; message: string } | undefined> {
    const verb = VERBS.find((one) => url.pathname === `/demo/primary/${one}`);
    if (verb === undefined || method !== 'POST') {
      return { status: 404, message: `use GET /demo or POST /demo/primary/{${VERBS.join(',')}}` };
    }
    switch (verb) {
      case 'fail': {
        const status = readNumber(url, 'status', 503);
        if (!(status >= 400 && status <= 599))
          return { status: 400, message: '"status" must be a number from 400 to 599' };
        this.primary.trouble = { failStatus: status };
        return undefined;
      }
      case 'slow': {
        const delayMs = readNumber(url, 'ms', DELAY_DEFAULT_MS);
        if (!(delayMs >= 0 && delayMs <= DELAY_MAX_MS))
          return { status: 400, message: `"ms" must be a number from 0 to ${DELAY_MAX_MS}` };
        this.primary.trouble = { delayMs };
        return undefined;
      }
      case 'stop':
        await this.primary.stop();
        return undefined;
      case 'recover':
        this.primary.trouble = {};
        break;
      case 'start':
        break;
    }
    try {
      await this.primary.start();
      return undefined;
    } catch (error) {
      return { status: 409, message: `cannot open port ${this.primary.port}: ${(error as Error).message}` };
    }
  }

  #state(): string {
    if (!this.primary.isListening) return 'stopped';
    const { failStatus, delayMs } = this.primary.trouble;
    if (failStatus !== undefined) return `failing with ${failStatus}`;
    return delayMs === undefined ? 'serving' : `slow by ${delayMs} ms`;
  }
}

/** Not a number: NaN, which every range check refuses. */
const readNumber = (url: URL, name: string, standard: number): number => {
  const text = url.searchParams.get(name);
  if (text === null) return standard;
  return /^\d+$/.test(text) ? Number(text) : NaN;
};

async function startOn(server: DemoServer, variable: string): Promise<void> {
  try {
    await server.start();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw new UserFacingError(
      `port ${server.port} of the demo provider ${server.instance} is in use: stop the program that has it, or set ${variable} to a free port`,
      { cause },
    );
  }
}
