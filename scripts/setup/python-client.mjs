import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, step } from './progress.mjs';

/** The second real clients of the tests; a change of a version makes a new folder. */
const PACKAGES = ['openai==3.52.0', 'anthropic==2.11.0', 'cohere==7.3.1'];
const TARGET = join(ROOT, '.tools', `python-${PACKAGES.join('-').replaceAll('==', '-')}`);

/** Folder (for PYTHONPATH) with the Python packages of the providers. */
export function ensurePythonClient() {
  if (existsSync(TARGET)) return TARGET;
  const partial = `${TARGET}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  const options = '-m pip install --quiet --disable-pip-version-check --target'.split(' ');
  step('installing the Python clients for tests', 'python3', [...options, partial, ...PACKAGES]);
  renameSync(partial, TARGET);
  return TARGET;
}
