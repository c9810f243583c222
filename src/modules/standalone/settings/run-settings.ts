import { join } from 'node:path';
import { booleanFlag, durationFlag, integerFlag, optionalTextFlag } from '../../../platform/config/flags.js';
import { parseCommandLine } from './command-line.js';
import { DIRECTORY_FLAGS, expandPath, resolveDirectories, type Directories, type Machine } from './directories.js';
import { runIdAt } from './run-id.js';
import { UsageError } from './usage-error.js';

/** Flags of `aigw run`. @see spec ops.md A1 */
export const RUN_FLAGS = {
  debug: booleanFlag('show the logs of all parts on the terminal (AIGW_DEBUG)'),
  'admin-port': integerFlag(1064, 'port of /metrics and /health'),
  'run-id': optionalTextFlag('names the directory of this run (AIGW_RUN_ID, else the local time)'),
  concurrency: integerFlag(0, 'worker threads of Envoy; 0: one per core'),
  'drain-timeout': durationFlag(30_000, 'how long requests under way may take after SIGTERM or SIGINT'),
  lenient: booleanFlag('warn about kinds and fields that are not supported instead of refusing them'),
  ...DIRECTORY_FLAGS,
};

export interface RunSettings {
  readonly isDebug: boolean;
  readonly adminPort: number;
  readonly runId: string;
  /** 0: one worker thread per core. */
  readonly concurrency: number;
  readonly drainTimeoutMs: number;
  readonly isLenient: boolean;
  readonly directories: Directories;
  /** File, directory or `-`; absent: the default file, else a generated configuration. */
  readonly path?: string;
}

/** Throws UsageError. */
export function parseRunSettings(
  argv: readonly string[],
  machine: Machine,
  now: Date,
  microseconds: number,
): RunSettings {
  if (argv.some((word) => /^--?mcp-/.test(word))) {
    throw new UsageError('MCP is not available yet; remove the --mcp- flags');
  }
  const { values, given, words } = parseCommandLine(RUN_FLAGS, argv);
  if (words.length > 1) throw new UsageError(`unexpected argument ${words[1]}`);
  const path = words[0];
  const runId = values['run-id'] ?? (machine.env['AIGW_RUN_ID'] || runIdAt(now, microseconds));
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(runId) || /^\.+$/.test(runId)) {
    throw new UsageError(`--run-id is "${runId}"; expected 1 to 64 letters, digits, dots, dashes or underscores`);
  }
  return {
    isDebug: given.has('debug') ? values.debug : environmentFlag(machine, 'AIGW_DEBUG'),
    adminPort: inRange('admin-port', values['admin-port'], 1, 65_535),
    concurrency: inRange('concurrency', values.concurrency, 0, 1_024),
    drainTimeoutMs: inRange('drain-timeout', values['drain-timeout'], 0, 3_600_000),
    isLenient: values.lenient,
    runId,
    directories: resolveDirectories(values, machine),
    ...(path === undefined ? {} : { path: path === '-' ? '-' : expandPath(path, machine) }),
  };
}

const TRUE = new Set(['true', '1', 'yes']);
const FALSE = new Set(['false', '0', 'no']);

function environmentFlag({ env }: Machine, name: string): boolean {
  const text = env[name];
  if (text === undefined) return false;
  if (TRUE.has(text.toLowerCase())) return true;
  if (FALSE.has(text.toLowerCase())) return false;
  throw new UsageError(`${name} is "${text}"; expected true, 1, yes, false, 0 or no`);
}

function inRange(name: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} is ${value}; expected ${min} to ${max}`);
}

/** Places of one run. @see spec ops.md A2, "File" */
export function runPaths({ directories, runId }: Pick<RunSettings, 'directories' | 'runId'>) {
  const state = join(directories.stateHome, 'runs', runId);
  const runtime = join(directories.runtimeDirectory, runId);
  return {
    state,
    runtime,
    log: join(state, LOG_FILE),
    filterConfig: join(state, 'extproc-config.yaml'),
    bootstrap: join(state, 'envoy-bootstrap.json'),
    xds: join(state, 'envoy-xds'),
    envoyStdout: join(state, 'stdout.log'),
    envoyStderr: join(state, 'stderr.log'),
    socket: join(runtime, 'uds.sock'),
    adminAddress: join(runtime, ADMIN_ADDRESS_FILE),
  };
}
export type RunPaths = ReturnType<typeof runPaths>;

export const LOG_FILE = 'aigw.log';
export const ADMIN_ADDRESS_FILE = 'admin-address.txt';
export const DEFAULT_CONFIG_FILE = 'config.yaml';
