import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { eventually } from '../eventually.js';
import { freePort } from '../free-port.js';
import { RunningProcess } from '../running-process.js';

const READY_MS = 60_000;

export interface ControllerPorts {
  readonly extensionServer: number;
  readonly webhook: number;
  readonly health: number;
}

export interface ControllerSettings {
  /** Of a ServiceAccount with the rights of the chart. */
  readonly kubeconfig: string;
  /** Arguments and namespace as in the Deployment of the chart; ports and the mounted certificate are replaced. */
  readonly args: readonly string[];
  readonly namespace: string;
  /** `POD_NAME`. */
  readonly name: string;
}

/** Our program in `controller` mode, as one Pod of the chart's Deployment would run it. */
export class ControllerProcess {
  #process: RunningProcess | undefined;

  private constructor(
    private settings: ControllerSettings,
    readonly ports: ControllerPorts,
  ) {}

  /** Does not wait for it to be ready. */
  static async start(settings: ControllerSettings): Promise<ControllerProcess> {
    const [extensionServer, webhook, health] = [await freePort(), await freePort(), await freePort()];
    const controller = new ControllerProcess(settings, { extensionServer, webhook, health });
    controller.start();
    return controller;
  }

  get name(): string {
    return this.settings.name;
  }

  get process(): RunningProcess {
    if (!this.#process) throw new Error('the controller was not started');
    return this.#process;
  }

  /** Starts it, or another one on the same ports after it ended. */
  start(): void {
    const main = resolve(process.env['AIGW_TEST_MAIN'] ?? 'dist/main.js');
    if (!existsSync(main)) throw new Error(`${main} does not exist: run \`npm run build\``);
    const { kubeconfig, args, namespace, name } = this.settings;
    const { extensionServer, webhook, health } = this.ports;
    // The last of several equal flags counts.
    const moved = [`-port=127.0.0.1:${extensionServer}`, `-webhookPort=${webhook}`, `-healthPort=${health}`];
    // Whatever is logged at all is searched for planted secrets.
    const logs = ['-logLevel=debug', '-logFormat=json', '-extProcLogFormat=json'];
    const own = ['-tlsCertDir=/nothing-is-mounted', ...logs];
    const env = { KUBECONFIG: kubeconfig, POD_NAMESPACE: namespace, POD_NAME: name };
    this.#process = new RunningProcess(process.execPath, [main, ...args, ...moved, ...own], env);
    for (const path of ['/metrics', '/readyz']) this.#process.pages.push(`http://127.0.0.1:${health}${path}`);
  }

  /** Ends it as Kubernetes does, and starts another one with these arguments of the chart. */
  async replace(args: readonly string[]): Promise<void> {
    await this.process.stop();
    this.settings = { ...this.settings, args };
    this.start();
  }

  async ready(): Promise<void> {
    const isReady = async () => (await fetch(`http://127.0.0.1:${this.ports.health}/readyz`)).ok;
    const ready = eventually(`controller ${this.name} to be ready`, isReady, READY_MS);
    await this.process.outlives('the controller was ready', ready);
  }

  /** What `/readyz` says, such as who leads. */
  async facts(): Promise<string> {
    return await (await fetch(`http://127.0.0.1:${this.ports.health}/readyz`)).text();
  }
}
