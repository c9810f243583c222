import { appendFileSync, closeSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { SupervisedProcess } from '../process/supervised-process.js';
import type { RunPaths } from '../settings/run-settings.js';
import type { EnvoyAdmin } from './envoy-admin.js';
import { readEnvoyLine } from './envoy-log.js';

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

const READY_TIMEOUT_MS = 30_000;
/** Envoy needs none of our credentials. */
const PASSED_VARIABLES = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LD_LIBRARY_PATH'];

/** Envoy under supervision; its access log goes to a file, its reasons for refusing an update are kept. */
export class EnvoyProcess {
  readonly process: SupervisedProcess;
  readonly #options: EnvoyProcessOptions;
  #lastRefusal: string | undefined;
  #stdout: number | undefined;

  constructor(options: EnvoyProcessOptions) {
    this.#options = options;
    this.process = new SupervisedProcess({
      name: 'Envoy',
      prepare: async () => {
        // What a former Envoy left there must not be taken for the new one's.
        await rm(options.paths.adminAddress, { force: true });
        // A file and not a pipe: Node's pipes are sockets, which Envoy cannot open by the name /dev/stdout.
        this.#stdout = openSync(options.paths.envoyStdout, 'a', 0o600);
        return {
          command: options.binary,
          args: envoyArguments(options),
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

function envoyArguments({ paths, concurrency, isDebug }: EnvoyProcessOptions): string[] {
  // The component `config` says why an update was refused, at level warning. `http` and `ext_proc` print credentials
  // at level debug (ops.md A1).
  const components = isDebug ? 'config:warning,http:info,ext_proc:info' : 'config:warning';
  // Envoy's parser takes no `--flag=value`.
  return [
    '--config-path',
    paths.bootstrap,
    '--admin-address-path',
    paths.adminAddress,
    '--log-level',
    isDebug ? 'debug' : 'error',
    '--component-log-level',
    components,
    '--log-format-escaped',
    '--disable-hot-restart',
    ...(concurrency > 0 ? ['--concurrency', String(concurrency)] : []),
  ];
}
