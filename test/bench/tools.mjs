// Runs before anything is installed: Node >= 20, built-ins only.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail, step } from '../../scripts/setup/progress.mjs';

/** Program → Debian package. */
const PACKAGES = { wrk: 'wrk', nginx: 'nginx-light' };
const DIRECTORIES = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
const isThere = (program) => DIRECTORIES.some((directory) => directory && existsSync(join(directory, program)));

/** The load generator and the web server that plays the provider; installed where we may, asked for elsewhere. */
export function ensureLoadTools() {
  const missing = Object.keys(PACKAGES).filter((program) => !isThere(program));
  if (missing.length === 0) return;
  const packages = missing.map((program) => PACKAGES[program]);
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    fail(
      `the benchmark needs ${missing.join(' and ')}`,
      `Install them, on Debian by \`apt-get install ${packages.join(' ')}\`.`,
    );
  }
  step('installing the tools of the benchmark', 'apt-get', ['install', '-y', '--no-install-recommends', ...packages]);
}
