import { setTimeout as delay } from 'node:timers/promises';
import { BackOff, type BackOffSettings } from './back-off.js';
import { describeExit, startGuarded, type Exit, type GuardedCommand, type GuardedProcess } from './guarded-process.js';

export interface ProcessSpec {
  /** For messages: `Envoy`, `external processor`. */
  readonly name: string;
  /** Makes what one start needs; called before every start. */
  readonly prepare: () => Promise<GuardedCommand> | GuardedCommand;
  /** Called after every start with what `prepare` gave, e.g. to close a descriptor. */
  readonly afterSpawn?: () => void;
  /** Asked every 25 ms after a start until true. */
  readonly isReady: () => Promise<boolean>;
  readonly readyTimeoutMs: number;
  readonly backOff?: BackOffSettings;
  /** State changes in one sentence each, for the log and the terminal. */
  readonly report: (message: string) => void;
}

const READY_POLL_MS = 25;
/** What is kept of standard error to explain an early end. */
const LAST_LINES_MAX = 20;

/**
 *   start() ─▶ starting ─ready─▶ running ─exit─▶ waiting (back-off) ─▶ starting …
 *                 │ exit or timeout at first start: start() rejects      │ too many failures in a row
 *   stop()  ─▶ stopped (TERM, then KILL)                                 └─▶ `lost` settles
 */
export class SupervisedProcess {
  /** Settles with the reason when the process keeps ending and is not started again. Never rejects. */
  readonly lost: Promise<Error>;
  readonly #spec: ProcessSpec;
  readonly #backOff: BackOff;
  readonly #stopping = new AbortController();
  readonly #lastLines: string[] = [];
  #current: GuardedProcess | undefined;
  #supervision: Promise<void> = Promise.resolve();
  #giveUp!: (reason: Error) => void;
  #restarts = 0;

  constructor(spec: ProcessSpec) {
    this.#spec = spec;
    this.#backOff = new BackOff(spec.backOff);
    this.lost = new Promise((resolve) => (this.#giveUp = resolve));
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#current?.pid;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Resolves when the process is ready. Rejects when it ends or is not ready in time, with its last output. */
  async start(): Promise<void> {
    const startedMs = performance.now();
    const process = await this.#spawn();
    const failure = await this.#untilReady(process);
    if (failure !== undefined) {
      await endProcess(process, 0);
      throw new Error(this.#explain(`${this.#spec.name} did not start: ${failure}`));
    }
    this.#supervision = this.#superviseRuns(process, startedMs);
  }

  /** Ends the process: TERM, KILL when it is still there after `graceMs`. It is not started again. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    if (this.#current) await endProcess(this.#current, graceMs);
    await this.#supervision;
  }

  async #superviseRuns(first: GuardedProcess, firstStartedMs: number): Promise<void> {
    let process = first;
    let startedMs = firstStartedMs;
    for (;;) {
      const exit = await process.exited;
      if (this.#isStopping()) return;
      const waitMs = this.#backOff.next(performance.now() - startedMs);
      const ended = `${this.#spec.name} ended with ${describeExit(exit)}`;
      if (waitMs === undefined) {
        this.#giveUp(new Error(this.#explain(`${ended}, too often in a row; not started again`)));
        return;
      }
      this.#spec.report(`${ended}; starting it again in ${waitMs} ms`);
      await this.#pause(waitMs);
      if (this.#isStopping()) return;
      startedMs = performance.now();
      try {
        process = await this.#spawn();
      } catch (error) {
        this.#giveUp(error as Error);
        return;
      }
      this.#restarts++;
      const failure = await this.#untilReady(process);
      if (this.#isStopping()) return endProcess(process, 0);
      if (failure === undefined) this.#spec.report(`${this.#spec.name} is ready again`);
      else await endProcess(process, 0);
    }
  }

  async #spawn(): Promise<GuardedProcess> {
    const command = await this.#spec.prepare();
    const process = startGuarded({
      ...command,
      onStderrLine: (line) => {
        this.#lastLines.push(line);
        if (this.#lastLines.length > LAST_LINES_MAX) this.#lastLines.shift();
        command.onStderrLine(line);
      },
    });
    this.#spec.afterSpawn?.();
    this.#current = process;
    void process.exited.then(() => {
      if (this.#current === process) this.#current = undefined;
    });
    return process;
  }

  /** Why the process is not going to be ready; undefined when it is ready. */
  async #untilReady(process: GuardedProcess): Promise<string | undefined> {
    let exit: Exit | undefined;
    void process.exited.then((value) => (exit = value));
    const deadlineMs = performance.now() + this.#spec.readyTimeoutMs;
    for (;;) {
      if (this.#isStopping()) return 'it was stopped';
      if (exit) return `it ended with ${describeExit(exit)}`;
      if (await this.#spec.isReady()) return exit ? `it ended with ${describeExit(exit)}` : undefined;
      if (performance.now() > deadlineMs) return `it was not ready within ${this.#spec.readyTimeoutMs / 1000} s`;
      await delay(READY_POLL_MS);
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #pause(waitMs: number): Promise<void> {
    await delay(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #explain(reason: string): string {
    return this.#lastLines.length === 0 ? reason : `${reason}. Its last output:\n  ${this.#lastLines.join('\n  ')}`;
  }
}

async function endProcess(process: GuardedProcess, graceMs: number): Promise<void> {
  process.kill('SIGTERM');
  const timer = new AbortController();
  const killer = delay(graceMs, undefined, { signal: timer.signal }).then(
    () => void process.kill('SIGKILL'),
    () => undefined,
  );
  await process.exited;
  timer.abort();
  await killer;
}
