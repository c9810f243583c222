import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigFiles, type ConfigSourceKind } from './config-files.js';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { MetricsText } from './metrics-text.js';
import { RunningProcess, type ProcessEnd } from './running-process.js';

export interface ExtprocSettings {
  readonly directory: string;
  /** First filter configuration. */
  readonly configText: string;
  readonly configSource?: ConfigSourceKind;
  readonly flags?: readonly string[];
  /** On top of the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Entry point of the build under test; `npm run test:data-plane` builds before it runs. */
const MAIN = resolve(process.env['AIGW_TEST_MAIN'] ?? 'dist/main.js');
const READY_LINE = 'AI Gateway External Processor is ready';
const READY_MS = 20_000;

/** The External Processor as a program: a Unix socket, a file with its configuration, its log, its metrics. */
export class Extproc {
  readonly socket: string;
  readonly #config: ConfigFiles;
  #process: RunningProcess | undefined;
  #adminPort = 0;

  constructor(private readonly settings: ExtprocSettings) {
    const { directory, configText, configSource = 'file' } = settings;
    this.socket = `${directory}/run.sock`;
    this.#config = new ConfigFiles(directory, configSource, configText);
  }

  /** Starts it, or another one after it ended. */
  async start(): Promise<void> {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} does not exist: run \`npm run build\``);
    this.#adminPort ||= await freePort();
    const args = [
      [MAIN, 'extproc', '-extProcAddr', `unix://${this.socket}`, '-adminPort', String(this.#adminPort)],
      // Whatever is logged at all is searched for planted secrets. The last of several equal flags counts.
      [...this.#config.flags, '-logFormat', 'json', '-logLevel', 'debug', '-shutdownDelay', '0s'],
      this.settings.flags ?? [],
    ];
    this.#process = new RunningProcess(process.execPath, args.flat(), this.settings.env);
    this.#process.pages.push(`http://127.0.0.1:${this.#adminPort}/metrics`);
    await this.#process.line('the ready line of the External Processor', (line) => line === READY_LINE, 0, READY_MS);
  }

  get process(): RunningProcess {
    if (!this.#process) throw new Error('the External Processor was not started');
    return this.#process;
  }

  /** Puts a configuration there; returns when it is in use. `uuid` is that of the text. */
  async useConfig(configText: string, uuid: string): Promise<void> {
    const from = this.process.lines.length;
    this.#config.write(configText);
    await this.process.line(
      `configuration ${uuid} to be in use`,
      (line) => isLogOf(line, 'loaded a new config', uuid),
      from,
    );
  }

  /** Puts a configuration there that cannot be loaded; returns the reason that is logged. */
  async offerBrokenConfig(configText: string): Promise<string> {
    const from = this.process.lines.length;
    this.#config.write(configText);
    const line = await this.process.line(
      'the configuration to be refused',
      (text) => text.includes('cannot load the config'),
      from,
    );
    return (JSON.parse(line) as { reason: string }).reason;
  }

  async metrics(): Promise<MetricsText> {
    return new MetricsText(await (await this.admin('/metrics')).text());
  }

  /** Waits until the sum of all series of that name with these labels is at least `value`. */
  async awaitMetric(name: string, labels: Readonly<Record<string, string>>, value = 1): Promise<MetricsText> {
    return await eventually(`${name} ${JSON.stringify(labels)} to reach ${value}`, async () => {
      const metrics = await this.metrics();
      return metrics.sum(name, labels) >= value && metrics;
    });
  }

  async admin(path: string): Promise<Response> {
    return await fetch(`http://127.0.0.1:${this.#adminPort}${path}`);
  }

  async kill(): Promise<void> {
    await this.process.stop('SIGKILL');
  }

  async stop(): Promise<ProcessEnd | undefined> {
    return await this.#process?.stop();
  }
}

function isLogOf(line: string, message: string, uuid: string): boolean {
  if (!line.includes(message)) return false;
  const record = JSON.parse(line) as { msg?: string; uuid?: string };
  return record.msg === message && record.uuid === uuid;
}
