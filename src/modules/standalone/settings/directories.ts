import { isAbsolute, join, resolve } from 'node:path';
import { optionalTextFlag } from '../../../platform/config/flags.js';
import type { Environment } from '../environment.js';

/** Flags that every mode on one machine shares. @see spec ops.md A1 */
export const DIRECTORY_FLAGS = {
  'config-home': optionalTextFlag('configuration (AIGW_CONFIG_HOME, else ~/.config/aigw)'),
  'data-home': optionalTextFlag('downloaded files (AIGW_DATA_HOME, else ~/.local/share/aigw)'),
  'state-home': optionalTextFlag('logs and generated files (AIGW_STATE_HOME, else ~/.local/state/aigw)'),
  'runtime-dir': optionalTextFlag('sockets (AIGW_RUNTIME_DIR, else /tmp/aigw-<user id>)'),
};

export interface Directories {
  readonly configHome: string;
  readonly dataHome: string;
  readonly stateHome: string;
  readonly runtimeDirectory: string;
}

export interface Machine {
  readonly env: Environment;
  /** Home directory of the user. */
  readonly home: string;
  readonly workingDirectory: string;
  /** Numeric user id. */
  readonly userId: number;
}

type DirectoryValues = { readonly [Name in keyof typeof DIRECTORY_FLAGS]: string | undefined };

/** Flag over environment over default; every path expanded and absolute. */
export function resolveDirectories(values: DirectoryValues, machine: Machine): Directories {
  const { env } = machine;
  const choose = (flag: string | undefined, variable: string, standard: string) =>
    expandPath(flag || env[variable] || standard, machine);
  return {
    configHome: choose(values['config-home'], 'AIGW_CONFIG_HOME', '~/.config/aigw'),
    dataHome: choose(values['data-home'], 'AIGW_DATA_HOME', '~/.local/share/aigw'),
    stateHome: choose(values['state-home'], 'AIGW_STATE_HOME', '~/.local/state/aigw'),
    runtimeDirectory: choose(values['runtime-dir'], 'AIGW_RUNTIME_DIR', `/tmp/aigw-${env['UID'] || machine.userId}`),
  };
}

/** Leading `~/`, then `$VAR` and `${VAR}` (unset: empty), then absolute. */
export function expandPath(path: string, { env, home, workingDirectory }: Machine): string {
  const atHome = path === '~' ? home : path.startsWith('~/') ? join(home, path.slice(2)) : path;
  const expanded = atHome.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (_, braced?: string, bare?: string) => env[braced ?? bare ?? ''] ?? '',
  );
  return isAbsolute(expanded) ? expanded : resolve(workingDirectory, expanded);
}
