import { rm } from 'node:fs/promises';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserFacingError } from '../../shared/errors.js';
import { serializeFilterConfig } from '../../shared/filter-config/serialize.js';
import { writeFileAtomically } from './atomic-file.js';
import { keepBounded } from './bounded-file.js';
import { DemoPair, usesDemo, type DemoPorts } from './demo-provider/demo-pair.js';
import { envoyBootstrap } from './envoy/bootstrap.js';
import { EnvoyAdmin } from './envoy/envoy-admin.js';
import { EnvoyProcess } from './envoy/envoy-process.js';
import { ConfigRefused, XdsDirectory } from './envoy/xds-directory.js';
import { superviseExtproc } from './extproc-process.js';
import { followFile } from './follow-file.js';
import type { Plan } from './plan.js';
import { checkPorts, type WantedPort } from './ports.js';
import type { SupervisedProcess } from './process/supervised-process.js';
import { ChangeWatch } from './reload/change-watch.js';
import type { ConfigSource, Reading } from './reload/config-source.js';
import { ProblemReport } from './report/problem-report.js';
import { readyLine, readyReport } from './report/ready-report.js';
import { summarizeChange } from './report/summary.js';
import { formatProblem } from './resources/problem.js';
import { removeOldRuns } from './run-history.js';
import type { RunLog, RunLogLevel } from './run-log.js';
import type { Environment } from './environment.js';
import { PORT_VARIABLE } from './settings/port-variable.js';
import { ADMIN_ADDRESS_FILE, type RunPaths, type RunSettings } from './settings/run-settings.js';
import type { Terminal } from './terminal.js';

export interface StandaloneGatewayOptions {
  readonly settings: RunSettings;
  readonly paths: RunPaths;
  readonly source: ConfigSource;
  readonly demoPorts: DemoPorts;
  readonly envoyBinary: string;
  /** Our own program, which is started again as the External Processor. */
  readonly entryPoint: string;
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly log: RunLog;
  /** When the process was asked to run, for the ready line; on the clock of `performance.now()`. */
  readonly startedAtMs: number;
}

const DRAIN_POLL_MS = 50;
const STOP_GRACE_MS = 5_000;
/** Requests that were routed before a change may still be on their way to a cluster that is gone from it. */
const CLUSTER_LINGER_MS = 30_000;
/** Of each log of Envoy; a copy as large is kept beside it. */
const LOG_SIZE_MAX_BYTES = 64 * 2 ** 20;
/** Directories of runs that are kept, for a look at their logs. */
const RUNS_KEPT = 20;
/** Size of `sun_path` without its final zero on macOS, the smallest. */
const SOCKET_PATH_MAX = 103;

/**
 * The gateway of one run.
 *
 *   start:  plan ─▶ ports free? ─▶ files ─▶ demo provider, External Processor, Envoy ─▶ all ready ─▶ report
 *   change: plan ─▶ filter config ─▶ xDS files; refused: files as before
 *   stop:   no new connections ─▶ requests under way end ─▶ Envoy ─▶ External Processor ─▶ demo provider
 */
export class StandaloneGateway {
  readonly #options: StandaloneGatewayOptions;
  readonly #admin: EnvoyAdmin;
  readonly #envoy: EnvoyProcess;
  readonly #extproc: SupervisedProcess;
  readonly #xds: XdsDirectory;
  readonly #demo: DemoPair;
  readonly #watch: ChangeWatch;
  readonly #endings: (() => void | Promise<void>)[] = [];
  #plan: Plan | undefined;
  readonly #problems = new ProblemReport();
  /** The last change, when it could not be taken over for now and is tried again. */
  #retrying: { readonly reason: string; readonly text: string | undefined } | undefined;
  /** Whether the last change was not taken over. */
  #isBehind = false;
  #usesDemo = false;

  constructor(options: StandaloneGatewayOptions) {
    this.#options = options;
    const { paths, settings, env } = options;
    const report = (message: string): void => this.#tell('WARN', message);
    const showLine = (line: string): void => options.terminal.err(line);
    this.#admin = new EnvoyAdmin(paths.adminAddress);
    this.#envoy = new EnvoyProcess({
      binary: options.envoyBinary,
      paths,
      admin: this.#admin,
      concurrency: settings.concurrency,
      isDebug: settings.isDebug,
      env,
      report,
      showLine,
    });
    this.#extproc = superviseExtproc({
      entryPoint: options.entryPoint,
      configPath: paths.filterConfig,
      socketPath: paths.socket,
      adminPort: settings.adminPort,
      isDebug: settings.isDebug,
      env,
      report,
      showLine,
    });
    this.#xds = new XdsDirectory({
      directory: paths.xds,
      admin: this.#admin,
      takeRefusal: () => this.#envoy.takeRefusal(),
      lingerMs: CLUSTER_LINGER_MS,
    });
    this.#demo = new DemoPair(options.demoPorts);
    this.#watch = new ChangeWatch({
      directories: () => options.source.watchedDirectories,
      onChange: () => this.#reload(),
    });
  }

  /** Settles when a part keeps ending and the gateway cannot serve any more. */
  get lost(): Promise<Error> {
    return Promise.race([this.#envoy.process.lost, this.#extproc.lost]);
  }

  /** Resolves when requests are served and everything was told. Throws UserFacingError; nothing is left running then. */
  async start(): Promise<void> {
    if (await this.#admin.isReady()) {
      const { runId } = this.#options.settings;
      throw new UserFacingError(`a gateway with the run id "${runId}" runs already; end it, or set --run-id`);
    }
    try {
      await this.#start();
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** Ends in order: requests under way may finish, for at most the drain timeout. */
  async stop(): Promise<void> {
    await this.#watch.close();
    this.#tell('INFO', 'stopping: no new connections, waiting for requests under way');
    await this.#drain();
    await this.#envoy.process.stop(STOP_GRACE_MS);
    await this.#extproc.stop(STOP_GRACE_MS);
    await this.#cleanUp();
    this.#tell('INFO', 'stopped');
  }

  /** Ends at once. */
  async kill(): Promise<void> {
    await Promise.all([this.#envoy.process.stop(0), this.#extproc.stop(0), this.#watch.close()]);
    await this.#cleanUp();
  }

  async #start(): Promise<void> {
    const { paths, source, settings, terminal, startedAtMs } = this.#options;
    if (paths.socket.length > SOCKET_PATH_MAX) {
      throw new UserFacingError(
        `the path of the socket has ${paths.socket.length} characters, at most ${SOCKET_PATH_MAX} work: ${paths.socket}; set --runtime-dir to a shorter path`,
      );
    }
    const reading = await source.read();
    this.#tellProblems(reading);
    const plan = usablePlan(reading);
    if (!plan) throw new UserFacingError('the configuration cannot be used; see above');
    await checkPorts([
      { port: settings.adminPort, purpose: 'health and metrics', remedy: 'set --admin-port' },
      ...listenerPorts(plan, reading),
    ]);
    await this.#startDemo(reading.text);
    for (const directory of [paths.state, paths.runtime]) mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Left by an earlier run of the same id.
    for (const path of [paths.socket, paths.envoyStdout, paths.envoyStderr]) await rm(path, { force: true });
    await writeFileAtomically(paths.filterConfig, serializeFilterConfig(plan.filterConfig));
    await this.#xds.writeFirst(plan.xds);
    await this.#envoy.setLogLevels(plan.logLevels);
    const bootstrap = envoyBootstrap({ gateway: plan.gateway, xdsDirectory: paths.xds });
    await writeFileAtomically(paths.bootstrap, `${JSON.stringify(bootstrap, null, 1)}\n`);

    await Promise.all([this.#extproc.start(), this.#envoy.process.start()]).catch((cause: unknown) => {
      throw new UserFacingError((cause as Error).message, { cause });
    });
    await this.#xds.confirm().catch((cause: unknown) => {
      throw cause instanceof ConfigRefused ? new UserFacingError(cause.message, { cause }) : cause;
    });
    this.#endings.push(keepBounded([paths.envoyStdout, paths.envoyStderr], LOG_SIZE_MAX_BYTES));
    if (settings.isDebug) this.#endings.push(followFile(paths.envoyStdout, (line) => terminal.out(line)));
    this.#plan = plan;
    if (source.canChange) this.#watch.start();
    const address = await this.#admin.address();
    this.#tell('INFO', readyLine(plan.summary.listeners[0]!.port, address, performance.now() - startedAtMs));
    terminal.err(
      readyReport({
        summary: plan.summary,
        adminPort: settings.adminPort,
        logPath: paths.log,
        ...(this.#usesDemo ? { demoControlPort: this.#demo.fallback.port } : {}),
      }),
    );
    await this.#removeOldRuns();
  }

  /** Takes a change of the configuration over, or tells why not. Never rejects. */
  async #reload(): Promise<void> {
    const startedMs = performance.now();
    const { source } = this.#options;
    let reading: Reading | undefined;
    try {
      reading = await source.readIfChanged();
      if (!reading) return;
      if (reading.text !== this.#retrying?.text) this.#tellProblems(reading);
      const plan = usablePlan(reading);
      if (!plan) {
        this.#isBehind = true;
        this.#retrying = undefined;
        this.#tell('ERROR', 'configuration not changed: the edit has the errors above');
        return;
      }
      const changes = await this.#apply(plan, reading);
      // An edit of a comment needs no word, unless somebody waits for one.
      if (changes.length > 0 || this.#isBehind) {
        const durationMs = Math.round(performance.now() - startedMs);
        this.#tell('INFO', `configuration applied in ${durationMs} ms: ${changes.join('; ') || 'nothing changed'}`);
      }
      this.#isBehind = false;
      this.#retrying = undefined;
    } catch (error) {
      const { message } = error as Error;
      this.#isBehind = true;
      if (message !== this.#retrying?.reason) this.#tell('ERROR', `configuration not changed: ${message}`);
      this.#retrying = undefined;
      if (error instanceof ConfigRefused) return;
      // A port in use or a file that is away: the same text may do the next time we look.
      this.#retrying = { reason: message, text: reading?.text };
      source.forget();
    }
  }

  /** Returns what changed, in words; empty when everything is as it was. */
  async #apply(plan: Plan, reading: Reading): Promise<readonly string[]> {
    const before = this.#plan!;
    const taken = new Set(before.summary.listeners.map((listener) => listener.port));
    await checkPorts(listenerPorts(plan, reading).filter(({ port }) => !taken.has(port)));
    await this.#startDemo(reading.text);
    const { filterConfig: path } = this.#options.paths;
    const isNewFilterConfig = plan.filterConfig.uuid !== before.filterConfig.uuid;
    if (isNewFilterConfig) await writeFileAtomically(path, serializeFilterConfig(plan.filterConfig));
    let isNewXds: boolean;
    try {
      isNewXds = await this.#xds.replace(plan.xds);
    } catch (error) {
      await writeFileAtomically(path, serializeFilterConfig(before.filterConfig));
      throw error;
    }
    this.#plan = plan;
    const hasNewLevels = await this.#envoy.setLogLevels(plan.logLevels);
    const changes = summarizeChange(before.summary, plan.summary);
    return changes.length === 0 && (isNewFilterConfig || isNewXds || hasNewLevels) ? ['settings changed'] : changes;
  }

  #tellProblems({ problems }: Reading): void {
    for (const problem of this.#problems.next(problems)) {
      this.#tell(problem.severity === 'error' ? 'ERROR' : 'WARN', formatProblem(problem));
    }
  }

  async #startDemo(text: string): Promise<void> {
    if (this.#usesDemo || !usesDemo(text)) return;
    await this.#demo.start();
    this.#usesDemo = true;
  }

  async #drain(): Promise<void> {
    const deadlineMs = performance.now() + this.#options.settings.drainTimeoutMs;
    try {
      await this.#admin.drain();
      while ((await this.#admin.activeRequests()) > 0) {
        if (performance.now() > deadlineMs)
          return this.#tell('WARN', 'requests under way took too long and are cut off');
        await delay(DRAIN_POLL_MS);
      }
    } catch (error) {
      this.#tell('WARN', `cannot drain Envoy: ${(error as Error).message}`);
    }
  }

  async #cleanUp(): Promise<void> {
    this.#xds.close();
    for (const end of this.#endings.splice(0)) await end();
    await this.#demo.stop();
    await rm(this.#options.paths.runtime, { recursive: true, force: true });
  }

  async #removeOldRuns(): Promise<void> {
    const { paths } = this.#options;
    try {
      const runtimes = dirname(paths.runtime);
      const serves = (id: string) => new EnvoyAdmin(join(runtimes, id, ADMIN_ADDRESS_FILE)).isReady();
      await removeOldRuns({ states: dirname(paths.state), runtimes }, RUNS_KEPT, serves);
    } catch (error) {
      this.#options.log.write('WARN', `cannot remove old runs: ${(error as Error).message}`);
    }
  }

  /** On the terminal and in the log. */
  #tell(level: RunLogLevel, message: string): void {
    this.#options.terminal.err(message);
    this.#options.log.write(level, message);
  }
}

/** The plan when no problem is an error. */
const usablePlan = ({ plan, problems }: Reading): Plan | undefined =>
  problems.some((problem) => problem.severity === 'error') ? undefined : plan;

function listenerPorts(plan: Plan, { text, isGenerated }: Reading): WantedPort[] {
  const byPort = new Map(plan.summary.listeners.map((listener) => [listener.port, listener]));
  const remedy =
    isGenerated || new RegExp(`[$]{?${PORT_VARIABLE}\\b`).test(text)
      ? `set ${PORT_VARIABLE} to another port`
      : 'change `port` of the listener';
  return [...byPort.values()].map(({ name, port }) => ({
    port,
    purpose: `listener ${name} of Gateway ${plan.gateway}`,
    remedy,
  }));
}
