import { appendFileSync, closeSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { SupervisedProcess } from '../process/supervised-process.js';
import type { RunPaths } from '../settings/run-settings.js';
import type { EnvoyAdmin } from './envoy-admin.js';
import { readEnvoyLine } from './envoy-log.js';
import { componentList, logLevels, type LogLevels } from './log-levels.js';

export interface EnvoyProcessOptions {
  readonly binary: string;
  readonly paths: RunPaths;
  readonly admin: EnvoyAdmin;
  /** 0: one worker thread per core. */
  readonly concurrency: number;
  readonly isDebug: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly report: (message: string) => void;
  /** Takes the lines of Envoy's standard error that people should see. */
  readonly showLine: (line: string) => void;
}

/** Envoy's own 10 s are long for somebody who waits for a line. */
const ACCESS_LOG_FLUSH_MS = 1_000;
const READY_TIMEOUT_MS = 30_000;
/** Envoy needs none of our credentials. */
const PASSED_VARIABLES = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LD_LIBRARY_PATH'];

/** Envoy under supervision; its access log goes to a file, its reasons for refusing an update are kept. */
export class EnvoyProcess {
  readonly process: SupervisedProcess;
  readonly #options: EnvoyProcessOptions;
  #levels: LogLevels;
  #lastRefusal: string | undefined;
  #stdout: number | undefined;

  constructor(options: EnvoyProcessOptions) {
    this.#options = options;
    this.#levels = logLevels({}, options.isDebug);
    this.process = new SupervisedProcess({
      name: 'Envoy',
      prepare: async () => {
        // What a former Envoy left there must not be taken for the new one's.
        await rm(options.paths.adminAddress, { force: true });
        // A file and not a pipe: Node's pipes are sockets, which Envoy cannot open by the name /dev/stdout.
        this.#stdout = openSync(options.paths.envoyStdout, 'a', 0o600);
        return {
          command: options.binary,
          args: envoyArguments(options, this.#levels),
          env: Object.fromEntries(PASSED_VARIABLES.map((name) => [name, options.env[name]])),
          stdout: this.#stdout,
          onStderrLine: (line) => this.#onLine(line),
        };
      },
      afterSpawn: () => {
        if (this.#stdout !== undefined) closeSync(this.#stdout);
        this.#stdout = undefined;
      },
      isReady: () => options.admin.isReady(),
      readyTimeoutMs: READY_TIMEOUT_MS,
      report: options.report,
    });
  }

  /** The levels of an EnvoyProxy, for an Envoy that runs and for those that are started later. False when they are set. */
  async setLogLevels(asked: Readonly<Record<string, string>>): Promise<boolean> {
    const levels = logLevels(asked, this.#options.isDebug);
    if (isDeepStrictEqual(levels, this.#levels)) return false;
    this.#levels = levels;
    if (this.process.pid !== undefined) await this.#options.admin.setLogLevels(levels);
    return true;
  }

  /** Envoy's last reason for refusing an update, once. */
  takeRefusal(): string | undefined {
    const refusal = this.#lastRefusal;
    this.#lastRefusal = undefined;
    return refusal;
  }

  #onLine(line: string): void {
    const read = readEnvoyLine(line);
    if (read?.kind === 'reason') {
      this.#lastRefusal = read.text;
      return;
    }
    if (read === undefined || read.text === '') return;
    appendFileSync(this.#options.paths.envoyStderr, `${read.text}\n`, { mode: 0o600 });
    this.#options.showLine(read.text);
  }
}

function envoyArguments({ paths, concurrency }: EnvoyProcessOptions, levels: LogLevels): string[] {
  // Envoy's parser takes no `--flag=value`.
  return [
    '--config-path',
    paths.bootstrap,
    '--admin-address-path',
    paths.adminAddress,
    '--log-level',
    levels.standard,
    '--component-log-level',
    componentList(levels),
    '--log-format-escaped',
    '--disable-hot-restart',
    '--file-flush-interval-msec',
    String(ACCESS_LOG_FLUSH_MS),
    ...(concurrency > 0 ? ['--concurrency', String(concurrency)] : []),
  ];
}
