// `npm test [-- RING [JEST ARGS]]`: sets up what is missing, then runs all rings, or one of them.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuild } from './setup/build.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { environment } from './setup/environment.mjs';
import { ensureEnvoy } from './setup/envoy.mjs';
import { ensurePythonClient } from './setup/python-client.mjs';
import { BIN, ROOT, node } from './setup/progress.mjs';

const RINGS = ['unit', 'data-plane', 'standalone'];
const given = process.argv.slice(2);
const ring = RINGS.includes(given[0]) ? given.shift() : undefined;

ensureDependencies();
const env = {};
if (ring !== 'unit') {
  ensureBuild();
  env.ENVOY_PATH = ensureEnvoy();
  env.AIGW_TEST_PYTHONPATH = ensurePythonClient();
}
const args = [
  '--experimental-vm-modules',
  '--no-warnings',
  join(BIN, 'jest'),
  ...(ring ? ['--selectProjects', ring, '--'] : []),
  ...given,
];
const result = spawnSync(
  node(),
  args.filter((arg, index) => arg !== '--' || index < args.length - 1),
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: environment(env),
  },
);
process.exit(result.status ?? 1);
