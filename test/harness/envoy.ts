import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AccessLog } from './access-log.js';
import { writeAtomically } from './atomic-write.js';
import { envoyBootstrap, routesDocument, type EnvoyPlan } from './envoy-config.js';
import { eventually } from './eventually.js';
import { record } from './recording.js';
import { RunningProcess } from './running-process.js';

const READY_MS = 20_000;

export interface EnvoySettings {
  readonly plan: EnvoyPlan;
  readonly directory: string;
  readonly extprocSocket: string;
  readonly workers?: number;
}

/** A real Envoy with free ports, its access log and its statistics. */
export class Envoy {
  readonly accessLog: AccessLog;
  readonly #process: RunningProcess;
  readonly #paths;
  #adminPort = 0;
  #ports = new Map<string, number>();

  private constructor({ plan, directory, extprocSocket, workers = 2 }: EnvoySettings) {
    const routesDirectory = join(directory, 'routes');
    this.#paths = {
      extprocSocket,
      accessLog: join(directory, 'access.jsonl'),
      routes: join(routesDirectory, 'routes.json'),
      routesDirectory,
      adminAddress: join(directory, 'admin-address'),
    };
    mkdirSync(routesDirectory);
    writeFileSync(this.#paths.routes, JSON.stringify(routesDocument(plan)));
    writeFileSync(this.#paths.accessLog, '');
    const configPath = join(directory, 'envoy.json');
    writeFileSync(configPath, JSON.stringify(envoyBootstrap(plan, this.#paths)));
    this.accessLog = new AccessLog(this.#paths.accessLog);
    const args = [
      ['-c', configPath, '--use-dynamic-base-id', '--concurrency', String(workers), '-l', 'warning'],
      ['--admin-address-path', this.#paths.adminAddress, '--file-flush-interval-msec', '10'],
    ];
    this.#process = new RunningProcess(envoyBinary(), args.flat());
  }

  static async start(settings: EnvoySettings): Promise<Envoy> {
    const envoy = new Envoy(settings);
    try {
      await envoy.#process.outlives('Envoy was ready', envoy.#awaitReady());
    } catch (error) {
      await envoy.stop();
      throw error;
    }
    return envoy;
  }

  port(listener: string): number {
    const port = this.#ports.get(listener);
    if (port === undefined) throw new Error(`no listener ${listener}; there are ${[...this.#ports.keys()].join(', ')}`);
    return port;
  }

  /** The sum of all counters and gauges whose whole name the expression matches; 0 when Envoy knows none (yet). */
  async stat(expression: string): Promise<number> {
    const text = await this.#admin(`/stats?filter=${encodeURIComponent(`^${expression}$`)}`);
    return [...text.matchAll(/: (\d+)$/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
  }

  /** Puts other routes in use; returns when Envoy has taken them. Clusters and listeners stay. */
  async replaceRoutes(plan: EnvoyPlan): Promise<void> {
    const loads = () => this.stat('.*rds.routes.config_reload');
    const before = await loads();
    writeAtomically(this.#paths.routes, JSON.stringify(routesDocument(plan)));
    await eventually('Envoy to take the new routes', async () => (await loads()) > before);
  }

  get pid(): number {
    return this.#process.pid;
  }

  async stop(): Promise<void> {
    await this.#process.stop('SIGTERM');
    if (existsSync(this.#paths.accessLog)) record('access-log', readFileSync(this.#paths.accessLog, 'utf8'));
  }

  async #admin(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#adminPort}${path}`);
    const text = await response.text();
    if (!response.ok)
      throw new Error(`Envoy's admin interface: ${path} gives ${response.status}: ${text.slice(0, 200)}`);
    return text;
  }

  async #awaitReady(): Promise<void> {
    const address = await eventually(
      'Envoy to tell its admin port',
      () => readIfThere(this.#paths.adminAddress),
      READY_MS,
    );
    this.#adminPort = Number(address.split(':').at(-1));
    await eventually('Envoy to be ready', async () => (await this.#admin('/ready')).startsWith('LIVE'), READY_MS);
    const { listener_statuses: listeners } = JSON.parse(await this.#admin('/listeners?format=json')) as ListenersAnswer;
    this.#ports = new Map(listeners.map(({ name, local_address }) => [name, local_address.socket_address.port_value]));
  }
}

/** Undefined while the file is not there or empty. */
const readIfThere = (path: string) => (existsSync(path) && readFileSync(path, 'utf8')) || undefined;

interface ListenersAnswer {
  readonly listener_statuses: readonly {
    readonly name: string;
    readonly local_address: { readonly socket_address: { readonly port_value: number } };
  }[];
}

function envoyBinary(): string {
  const path = process.env['ENVOY_PATH'];
  if (path && existsSync(path)) return path;
  throw new Error(
    'these tests need a real Envoy: run them by `npm run test:data-plane`, or set ENVOY_PATH to a binary',
  );
}
