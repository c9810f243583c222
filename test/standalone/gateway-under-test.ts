import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import OpenAI from 'openai';

export const ROOT = resolve(import.meta.dirname, '../..');
export const QUICKSTART = join(ROOT, 'examples', 'quickstart.yaml');
/** Another build than that of `npm run build` can be tested with AIGW_TEST_MAIN. */
const MAIN = process.env['AIGW_TEST_MAIN'] ?? join(ROOT, 'dist', 'main.js');
const LINE_TIMEOUT_MS = 20_000;

/** Ports that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

export interface Ports {
  readonly listener: number;
  readonly admin: number;
  readonly demoPrimary: number;
  readonly demoFallback: number;
}

/** A `node dist/main.js run` with directories and ports of its own. */
export class GatewayUnderTest {
  readonly lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(
    readonly home: string,
    readonly ports: Ports,
    readonly child: ChildProcess,
  ) {
    createInterface({ input: child.stderr! }).on('line', (line) => {
      this.lines.push(line);
      for (const check of this.#waiting) check();
    });
    child.on('exit', () => {
      for (const check of this.#waiting) check();
    });
  }

  /** Starts `run` on a file; resolves at once. */
  static async spawn(config: string, given: Partial<Ports> = {}): Promise<GatewayUnderTest> {
    const [listener, admin, demoPrimary, demoFallback] = (await freePorts(4)) as [number, number, number, number];
    const ports = { listener, admin, demoPrimary, demoFallback, ...given };
    const home = mkdtempSync(join(tmpdir(), 'aigw-run-'));
    const child = spawn(
      process.execPath,
      [MAIN, 'run', '--run-id', 'test', '--concurrency', '1', '--admin-port', String(ports.admin), config],
      { env: environment(home, ports), stdio: ['ignore', 'ignore', 'pipe'] },
    );
    return new GatewayUnderTest(home, ports, child);
  }

  /** Starts `run` on a file; resolves when it serves. */
  static async start(config: string): Promise<GatewayUnderTest> {
    const gateway = await GatewayUnderTest.spawn(config);
    await gateway.untilLine(/^Health and metrics: /);
    return gateway;
  }

  /** Runs another mode for the same directories, e.g. `healthcheck`. */
  async cli(...args: string[]): Promise<{ code: number; stderr: string }> {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: environment(this.home, this.ports),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, stderr };
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

  async demo(command: string): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.ports.demoFallback}/demo/primary/${command}`, { method: 'POST' });
    if (!response.ok) throw new Error(await response.text());
    await response.body?.cancel();
  }

  /** The first line after `from` lines that matches. Rejects when the process ends without it. */
  untilLine(pattern: RegExp, from = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        settle();
      };
      const check = (): void => {
        const line = this.lines.slice(from).find((one) => pattern.test(one));
        if (line !== undefined) finish(() => resolve(line));
        else if (this.child.exitCode !== null) finish(() => reject(this.#failure(`ended without ${pattern}`)));
      };
      const timer = setTimeout(() => finish(() => reject(this.#failure(`no ${pattern}`))), LINE_TIMEOUT_MS);
      this.#waiting.add(check);
      check();
    });
  }

  /** Resolves with the exit code. */
  async exit(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  /** Process ids of Envoy and of the External Processor. */
  get parts(): { envoy: number; extproc: number } {
    const children = childrenOf(this.child.pid!);
    const find = (word: string) => children.find(({ command }) => command.includes(word))!.pid;
    return { envoy: find('--admin-address-path'), extproc: find('extproc') };
  }

  /** Ends everything, also after a failed test. */
  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGTERM');
      this.child.kill('SIGTERM');
      await this.exit();
    }
    rmSync(this.home, { recursive: true, force: true });
  }

  #failure(what: string): Error {
    return new Error(`${what}; standard error:\n${this.lines.join('\n')}`);
  }
}

const environment = (home: string, ports: Ports): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: home,
  ENVOY_PATH: process.env['ENVOY_PATH'],
  AIGW_CONFIG_HOME: join(home, 'config'),
  AIGW_STATE_HOME: join(home, 'state'),
  AIGW_RUNTIME_DIR: join(home, 'run'),
  AIGW_PORT: String(ports.listener),
  AIGW_DEMO_PRIMARY_PORT: String(ports.demoPrimary),
  AIGW_DEMO_FALLBACK_PORT: String(ports.demoFallback),
});

function childrenOf(parent: number): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) !== parent) return [];
        return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') }];
      } catch {
        return [];
      }
    });
}

/** False for a process that ended and waits to be collected. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

/** Asks again until the condition holds; rejects after the limit. */
export async function eventually(condition: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`not so within ${limitMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
