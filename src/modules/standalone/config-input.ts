import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserFacingError } from '../../shared/errors.js';
import { autoconfigure, NOTHING_TO_RUN } from './autoconfig/autoconfigure.js';
import { DEFAULT_CONFIG_FILE } from './settings/run-settings.js';
import { UsageError } from './settings/usage-error.js';
import type { Environment } from './environment.js';
import type { Directories } from './settings/directories.js';

/** Where the configuration comes from. */
export type ConfigOrigin =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'stdin' }
  | { readonly kind: 'generated'; readonly text: string };

/** Name of the generated configuration in messages. */
export const GENERATED_NAME = '(generated from the environment)';

/** Argument, then the default file, then the environment. Throws UsageError when there is nothing. @see spec ops.md A2 */
export function chooseOrigin(
  path: string | undefined,
  directories: Pick<Directories, 'configHome'>,
  env: Environment,
  exists: (path: string) => boolean = existsSync,
): ConfigOrigin {
  if (path === '-') return { kind: 'stdin' };
  if (path !== undefined) {
    if (exists(path)) return { kind: 'path', path };
    throw new UsageError(`run: cannot read ${path}: there is no such file or directory`);
  }
  const standard = join(directories.configHome, DEFAULT_CONFIG_FILE);
  if (exists(standard)) return { kind: 'path', path: standard };
  try {
    return { kind: 'generated', text: autoconfigure(env) };
  } catch (error) {
    if (error instanceof UserFacingError && error.message === NOTHING_TO_RUN)
      throw new UsageError(`run: ${error.message}`);
    throw error;
  }
}
