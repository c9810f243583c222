import { setTimeout as delay } from 'node:timers/promises';
import type { RunningProcess } from '../../running-process.js';
import { startContainer, type Mount } from '../container.js';
import type { Container, Probe } from './pod.js';
import type { Program } from './programs.js';

const RESTART_MS = 200;
const PROBE_MS = 1_000;

/** One container of a Pod as a process of this machine; a new one when it ends. */
export class RunningContainer {
  #process: RunningProcess | undefined;
  #isStopped = false;
  restarts = 0;
  isReady = false;

  constructor(
    readonly container: Container,
    readonly isInit: boolean,
    /** Undefined: nothing is run in its place. */
    private readonly program: Program | undefined,
    private readonly mounts: readonly Mount[],
    private readonly directory: string,
    private readonly ports: ReadonlyMap<number, number>,
  ) {}

  start(): void {
    if (this.program) void this.#keepRunning(this.program);
  }

  /** The current process: its output and its id. */
  get process(): RunningProcess {
    if (!this.#process) throw new Error(`container ${this.container.name} runs no process`);
    return this.#process;
  }

  get isRunning(): boolean {
    return !this.program || (this.#process !== undefined && this.#process.end === undefined);
  }

  async probe(): Promise<void> {
    this.isReady = this.isRunning && (await this.#answers(this.container.readinessProbe));
  }

  /** Whether what comes after a native sidecar may start. */
  async hasStarted(): Promise<boolean> {
    return this.isRunning && (await this.#answers(this.container.startupProbe));
  }

  /** With a signal to end, and SIGKILL when that did not help in time. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    await this.#process?.stop('SIGTERM', graceMs);
  }

  async kill(): Promise<void> {
    this.#isStopped = true;
    await this.#process?.stop('SIGKILL');
  }

  async #keepRunning({ program, args, env }: Program): Promise<void> {
    const { mounts, directory } = this;
    while (!this.#isStopped) {
      this.#process = startContainer({ program, args, mounts, directory, ...(env ? { env } : {}) });
      await this.#process.ended;
      if (this.#isStopped) return;
      this.restarts += 1;
      await delay(RESTART_MS);
    }
  }

  async #answers(probe: Probe | undefined): Promise<boolean> {
    const request = probe?.httpGet;
    if (!request || !this.program) return true;
    const port = this.ports.get(Number(request.port)) ?? Number(request.port);
    try {
      const url = `http://127.0.0.1:${port}${request.path ?? '/'}`;
      return (await fetch(url, { signal: AbortSignal.timeout(PROBE_MS) })).ok;
    } catch {
      return false;
    }
  }
}
