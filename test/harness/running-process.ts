import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { DEADLINE_MS, within } from './eventually.js';

/** Lines kept of a program's output; a chatty one loses its oldest. */
const LINES_MAX = 100_000;
const STOP_MS = 5_000;

const running = new Set<ChildProcess>();
// A test run that is interrupted must not leave programs behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program under test: its output by lines, its end. Signalled by its own id only. */
export class RunningProcess {
  readonly lines: string[] = [];
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<(line: string) => void>();
  #end: ProcessEnd | undefined;

  /** `env` is added to this process' environment. */
  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.#child = child;
    running.add(child);
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on('line', (line) => this.#onLine(line));
    }
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        running.delete(child);
        this.#end ??= { code, signal };
        resolve(this.#end);
      };
      child.on('error', (error) => {
        this.#onLine(`cannot run ${command}: ${error.message}`);
        end(-1, null);
      });
      child.on('close', end);
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Undefined while it runs. */
  get end(): ProcessEnd | undefined {
    return this.#end;
  }

  /** The first line, past or to come, that the predicate takes. Throws with the last lines if the program ends before. */
  async line(what: string, matches: (line: string) => boolean, from = 0, deadlineMs = DEADLINE_MS): Promise<string> {
    const known = this.lines.slice(from).find(matches);
    if (known !== undefined) return known;
    let listener: ((line: string) => void) | undefined;
    const found = new Promise<string>((resolve) => {
      listener = (line) => {
        if (matches(line)) resolve(line);
      };
      this.#waiting.add(listener);
    });
    try {
      return await within(what, this.outlives(what, found), deadlineMs);
    } finally {
      this.#waiting.delete(listener!);
    }
  }

  /** The promise, unless the program ends first: then throws with its last lines. */
  async outlives<T>(what: string, promise: Promise<T>): Promise<T> {
    const died = this.ended.then(({ code, signal }): never => {
      throw new Error(`the program ended with ${code ?? signal} before ${what}:\n${this.tail()}`);
    });
    return await Promise.race([promise, died]);
  }

  tail(count = 20): string {
    return this.lines.slice(-count).join('\n');
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Asks it to end, insists after 5 s, or after the given time. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', insistMs = STOP_MS): Promise<ProcessEnd> {
    if (this.#end) return this.#end;
    this.#child.kill(signal);
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), insistMs);
    const end = await this.ended;
    clearTimeout(insist);
    return end;
  }

  #onLine(line: string): void {
    this.lines.push(line);
    if (this.lines.length > LINES_MAX) this.lines.shift();
    for (const listener of this.#waiting) listener(line);
  }
}
