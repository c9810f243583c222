import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { commandLinesOf } from './command-lines.js';
import { DEADLINE_MS, within } from './eventually.js';
import { Recording } from './recording.js';

/** Lines kept of a program's output; a chatty one loses its oldest. */
const LINES_MAX = 100_000;
const STOP_MS = 5_000;
/** Of a page that is read for the record before a program ends. */
const PAGE_MS = 1_000;

const running = new Set<ChildProcess>();
// A test run that is interrupted must not leave programs behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A program under test: its output by lines, its end. Signalled by its own id only. What it writes, its command line and
 * those of the programs that it starts are recorded.
 */
export class RunningProcess {
  readonly lines: string[] = [];
  /** Addresses of pages that are recorded when it is asked to end, such as its metrics. */
  readonly pages: string[] = [];
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<(line: string) => void>();
  readonly #recording: Recording;
  #end: ProcessEnd | undefined;

  /** `env` is added to this process' environment. */
  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.#child = child;
    this.#recording = new Recording(nameOf(command, args));
    this.#recordCommandLines();
    running.add(child);
    const readers = [child.stdout, child.stderr].map((input) => createInterface({ input }));
    for (const reader of readers) reader.on('line', (line) => this.#onLine(line));
    void Promise.all(readers.map(async (reader) => await once(reader, 'close'))).then(() => this.#recording.end());
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
    if (signal !== 'SIGKILL') await this.#recordPages();
    if (!this.#end) this.#recordCommandLines();
    this.#child.kill(signal);
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), insistMs);
    const end = await this.ended;
    clearTimeout(insist);
    return end;
  }

  /** Of the program and of those that it has started by now. */
  #recordCommandLines(): void {
    if (this.pid < 0) return;
    for (const [pid, line] of commandLinesOf(this.pid)) this.#recording.add(`# command line of ${pid}: ${line}`);
  }

  async #recordPages(): Promise<void> {
    const options = { headers: { connection: 'close' }, signal: AbortSignal.timeout(PAGE_MS) };
    for (const page of this.pages) {
      // One that hangs, or listens no more, has nothing to tell.
      const text = await fetch(page, options).then(
        (answer) => answer.text(),
        () => undefined,
      );
      if (text !== undefined) this.#recording.add(`# ${page}\n${text}`);
    }
  }

  #onLine(line: string): void {
    this.#recording.add(line);
    this.lines.push(line);
    if (this.lines.length > LINES_MAX) this.lines.shift();
    for (const listener of this.#waiting) listener(line);
  }
}

/** The program and its mode: of `node …/main.js extproc …`, `node-main.js-extproc`. */
const nameOf = (command: string, args: readonly string[]): string => {
  const main = args.findIndex((arg) => arg.endsWith('main.js'));
  return [command, ...(main < 0 ? [] : args.slice(main, main + 2))].map((word) => basename(word)).join('-');
};
