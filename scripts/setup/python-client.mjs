import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, step } from './progress.mjs';

const OPENAI_VERSION = '3.52.0';
const TARGET = join(ROOT, '.tools', `python-openai-${OPENAI_VERSION}`);

/** Folder (for PYTHONPATH) with the Python `openai` package, the second real client of the tests. */
export function ensurePythonClient() {
  if (existsSync(TARGET)) return TARGET;
  const partial = `${TARGET}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  const options = '-m pip install --quiet --disable-pip-version-check --target'.split(' ');
  step('installing the Python openai client for tests', 'python3', [...options, partial, `openai==${OPENAI_VERSION}`]);
  renameSync(partial, TARGET);
  return TARGET;
}
