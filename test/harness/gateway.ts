import { randomUUID } from 'node:crypto';
import type { ConfigSourceKind } from './config-files.js';
import { Envoy } from './envoy.js';
import type { EnvoyPlan } from './envoy-config.js';
import { Extproc } from './extproc.js';
import { filterConfigText } from './filter-config-document.js';
import type { GatewayPlan } from './gateway-plan.js';
import { open, send, type Message, type OpenResponse, type Received } from './http-client.js';
import { TemporaryDirectory } from './temporary-directory.js';

export interface GatewaySettings {
  /** Flags of the External Processor besides those that the harness needs. */
  readonly extprocFlags?: readonly string[];
  /** Variables of the External Processor; asked for when it starts. */
  readonly extprocEnv?: () => Readonly<Record<string, string>>;
  readonly configSource?: ConfigSourceKind;
  readonly envoyWorkers?: number;
}

/**
 * For specs that measure time and memory: the harness has External Processors log at debug, where each message is read and
 * written once more.
 */
export const MEASURED: GatewaySettings = { extprocFlags: ['-logLevel', 'info'] };

/** A real Envoy with a real External Processor in front of test upstreams. */
export class Gateway {
  private constructor(
    readonly envoy: Envoy,
    readonly extproc: Extproc,
    private readonly directory: TemporaryDirectory,
  ) {}

  static async start(plan: EnvoyPlan, settings: GatewaySettings = {}): Promise<Gateway> {
    const directory = new TemporaryDirectory();
    const extproc = new Extproc({
      directory: directory.path,
      configText: filterConfigText(plan, 'first'),
      ...(settings.extprocFlags ? { flags: settings.extprocFlags } : {}),
      ...(settings.extprocEnv ? { env: settings.extprocEnv() } : {}),
      ...(settings.configSource ? { configSource: settings.configSource } : {}),
    });
    try {
      const starting = Envoy.start({
        plan,
        directory: directory.path,
        extprocSocket: extproc.socket,
        ...(settings.envoyWorkers ? { workers: settings.envoyWorkers } : {}),
      });
      const [started, envoy] = await Promise.allSettled([extproc.start(), starting]);
      if (envoy.status === 'rejected') throw envoy.reason;
      const gateway = new Gateway(envoy.value, extproc, directory);
      if (started.status === 'fulfilled') return gateway;
      await gateway.close();
      throw started.reason;
    } catch (error) {
      await extproc.stop();
      directory.remove();
      throw error;
    }
  }

  /** Sends to the listener `main`. */
  async send(path: string, message: Message = {}, listener = 'main'): Promise<Received> {
    return await send(this.envoy.port(listener), path, message);
  }

  async open(path: string, message: Message = {}, listener = 'main'): Promise<OpenResponse> {
    return await open(this.envoy.port(listener), path, message);
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.envoy.port('main')}`;
  }

  /** Puts the filter configuration of another plan in use. Envoy keeps its own. */
  async useFilterConfig(plan: GatewayPlan): Promise<void> {
    const uuid = randomUUID();
    await this.extproc.useConfig(filterConfigText(plan, uuid), uuid);
  }

  async close(): Promise<void> {
    await Promise.all([this.envoy.stop(), this.extproc.stop()]);
    this.directory.remove();
  }
}
