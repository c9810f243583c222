import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import OpenAI from 'openai';
import { freePort } from '../harness/free-port.js';
import { plantSecretsOf } from '../harness/planted-objects.js';
import { plant, record } from '../harness/recording.js';
import { RunningProcess, type ProcessEnd } from '../harness/running-process.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';

export const ROOT = resolve(import.meta.dirname, '../..');
export const QUICKSTART = join(ROOT, 'examples', 'quickstart.yaml');
/** AIGW_TEST_MAIN: another build than that of `npm run build`. */
const MAIN = process.env['AIGW_TEST_MAIN'] ?? join(ROOT, 'dist', 'main.js');

export interface Ports {
  readonly listener: number;
  readonly admin: number;
  readonly demoPrimary: number;
  readonly demoFallback: number;
}

export interface RunOptions {
  /** Ports that are not named are free ones. */
  readonly ports?: Partial<Ports>;
  readonly env?: NodeJS.ProcessEnv;
  readonly flags?: readonly string[];
  /** File that becomes standard input. */
  readonly stdin?: string;
}

/** An `aigw run` with directories and ports of its own. */
export class GatewayUnderTest {
  private constructor(
    readonly ports: Ports,
    readonly home: TemporaryDirectory,
    readonly process: RunningProcess,
  ) {}

  /** Does not wait for anything. Without a configuration it makes one from the environment. */
  static async spawn(config: string | undefined, given: RunOptions = {}): Promise<GatewayUnderTest> {
    const ports = {
      listener: await freePort(),
      admin: await freePort(),
      demoPrimary: await freePort(),
      demoFallback: await freePort(),
      ...given.ports,
    };
    if (config !== undefined) plantSecretsOf(config);
    const home = new TemporaryDirectory();
    const flags = ['--run-id=test', '--concurrency=1', `--admin-port=${ports.admin}`, ...(given.flags ?? [])];
    const command = [process.execPath, MAIN, 'run', ...flags, ...(config === undefined ? [] : [config])];
    const env = { ...environment(home, ports), ...given.env };
    for (const [name, value] of Object.entries(env))
      if (name.endsWith('_API_KEY') && value) plant(`variable ${name}`, value);
    // The shell only opens the file and then becomes the command.
    const started = given.stdin
      ? new RunningProcess('/bin/sh', ['-c', 'exec "$@" <"$0"', given.stdin, ...command], env)
      : new RunningProcess(command[0]!, command.slice(1), env);
    return new GatewayUnderTest(ports, home, started);
  }

  /** Resolves when it serves. */
  static async start(config: string | undefined, given: RunOptions = {}): Promise<GatewayUnderTest> {
    const gateway = await GatewayUnderTest.spawn(config, given);
    await gateway.line(/^Health and metrics: /);
    return gateway;
  }

  /** Runs another mode for the same directories, e.g. `healthcheck`. */
  async cli(...args: string[]): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> {
    const child = new RunningProcess(process.execPath, [MAIN, ...args], environment(this.home, this.ports));
    const { code } = await child.ended;
    return { code, lines: child.lines };
  }

  get client(): OpenAI {
    return new OpenAI({
      apiKey: 'none',
      baseURL: `http://127.0.0.1:${this.ports.listener}/v1`,
      maxRetries: 0,
      timeout: 10_000,
    });
  }

  /** Asks for a chat and gives the text of the answer. */
  async chat(model: string): Promise<string> {
    const answer = await this.client.chat.completions.create({ model, messages: [{ role: 'user', content: 'ping' }] });
    return answer.choices[0]!.message.content!;
  }

  /** A streamed answer of about a second and a half: eight choices, one after the other. */
  longStream() {
    return this.client.chat.completions.create({
      model: 'demo-chat',
      stream: true,
      n: 8,
      messages: [{ role: 'user', content: 'ping' }],
    });
  }

  /** Control of the primary demo provider, e.g. `fail?status=503`. */
  async demo(command: string): Promise<void> {
    const url = `http://127.0.0.1:${this.ports.demoFallback}/demo/primary/${command}`;
    const response = await fetch(url, { method: 'POST' });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
  }

  get lines(): readonly string[] {
    return this.process.lines;
  }

  line(pattern: RegExp, from = 0): Promise<string> {
    return this.process.line(String(pattern), (line) => pattern.test(line), from);
  }

  /** A file of the run, e.g. `stdout.log`. */
  runFile(name: string): string {
    return this.home.file(join('state', 'runs', 'test', name));
  }

  get runtimeDirectory(): string {
    return this.home.file(join('run', 'test'));
  }

  /** Text of Envoy's admin interface. */
  async envoyAdmin(path: string, method = 'GET'): Promise<string> {
    const address = readFileSync(join(this.runtimeDirectory, 'admin-address.txt'), 'utf8');
    return (await fetch(`http://${address}${path}`, { method })).text();
  }

  /** Process ids of Envoy and of the External Processor. */
  get parts(): { readonly envoy: number; readonly extproc: number } {
    const children = childrenOf(this.process.pid);
    const find = (word: string) => children.find(({ words }) => words.some((one) => one.startsWith(word)))!.pid;
    return { envoy: find('--admin-address-path'), extproc: find('-extProcAddr') };
  }

  /** Ends everything at once, also after a failed test. */
  async end(): Promise<ProcessEnd> {
    await this.#record();
    // The second signal cuts the draining short.
    if (!this.process.end) this.process.signal('SIGTERM');
    const end = await this.process.stop('SIGINT');
    this.home.remove();
    return end;
  }

  /** What the run left in files, and what Envoy runs by. */
  async #record(): Promise<void> {
    if (!this.process.end)
      await this.envoyAdmin('/config_dump').then(
        (text) => record('run-config_dump', text),
        () => {},
      );
    const directory = this.home.file('state/runs/test');
    if (!existsSync(directory)) return;
    for (const name of readdirSync(directory).filter((one) => one.endsWith('.log')))
      record(`run-${name}`, readFileSync(join(directory, name), 'utf8'));
  }
}

const environment = (home: TemporaryDirectory, ports: Ports): NodeJS.ProcessEnv => ({
  HOME: home.path,
  AIGW_CONFIG_HOME: home.file('config'),
  AIGW_STATE_HOME: home.file('state'),
  AIGW_RUNTIME_DIR: home.file('run'),
  AIGW_PORT: String(ports.listener),
  AIGW_DEMO_PRIMARY_PORT: String(ports.demoPrimary),
  AIGW_DEMO_FALLBACK_PORT: String(ports.demoFallback),
  // Empty counts as unset.
  OPENAI_API_KEY: '',
  AZURE_OPENAI_API_KEY: '',
  ANTHROPIC_API_KEY: '',
  OTEL_LOGS_EXPORTER: '',
  OTEL_EXPORTER_OTLP_ENDPOINT: '',
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: '',
});

/** The fields of `/proc/<pid>/stat` behind the name of the command: state, parent … @see proc(5) */
const statOf = (pid: number | string): string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

function childrenOf(parent: number): { readonly pid: number; readonly words: readonly string[] }[] {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return numbers.flatMap((name) => {
    try {
      if (Number(statOf(name)[1]) !== parent) return [];
      return [{ pid: Number(name), words: readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0') }];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}

/** False also for a process that ended and waits to be collected. */
export function isAlive(pid: number): boolean {
  try {
    return statOf(pid)[0] !== 'Z';
  } catch {
    return false;
  }
}
