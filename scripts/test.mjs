// `npm test [-- RING [JEST ARGS]]`: sets up what is missing, then runs all rings, or one of them.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuild } from './setup/build.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { environment } from './setup/environment.mjs';
import { ensureEnvoy } from './setup/envoy.mjs';
import { controlPlaneParts, endToEndParts } from './setup/kubernetes-parts.mjs';
import { ensurePythonClient } from './setup/python-client.mjs';
import { BIN, ROOT, Unavailable, fail, node, say } from './setup/progress.mjs';

const envoyParts = () => ({ ENVOY_PATH: ensureEnvoy(), AIGW_TEST_PYTHONPATH: ensurePythonClient() });

/** What each ring needs beside the npm packages: `setUp` gives environment variables for its tests. */
const RINGS = {
  unit: { isBuilt: false, setUp: () => ({}) },
  'data-plane': { isBuilt: true, setUp: envoyParts },
  standalone: { isBuilt: true, setUp: envoyParts },
  'control-plane': { isBuilt: true, setUp: controlPlaneParts },
  e2e: { isBuilt: true, setUp: () => ({ ...endToEndParts(), ...envoyParts() }) },
};

const given = process.argv.slice(2);
const ring = Object.hasOwn(RINGS, given[0]) ? given.shift() : undefined;

ensureDependencies();
const wanted = ring ? [ring] : Object.keys(RINGS);
if (wanted.some((name) => RINGS[name].isBuilt)) ensureBuild();
const skipped = new Map();
const env = {};
for (const name of wanted) {
  try {
    Object.assign(env, RINGS[name].setUp());
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    // Whoever asks for one ring wants it run; CI wants all of them.
    if (ring || isTrue(process.env.CI)) fail(`ring ${name}: ${error.message}`, error.remedy);
    skipped.set(name, error);
  }
}
// The reporter tells them once more, where the result is read.
env.AIGW_TEST_SKIPPED_RINGS = [...skipped].map(([name, error]) => `ring ${name}: ${error.message}`).join('\n');
for (const [name, { message, remedy }] of skipped) say(`skipped ring ${name}: ${message}. ${remedy ?? ''}`);

const projects = wanted.filter((name) => !skipped.has(name));
const result = spawnSync(
  node(),
  [
    '--experimental-vm-modules',
    '--no-warnings',
    join(BIN, 'jest'),
    '--selectProjects',
    ...projects,
    // An option ends the list of projects as well as `--` does; what follows `--` can only be a pattern.
    ...(given.length > 0 && !given[0].startsWith('-') ? ['--'] : []),
    ...given,
  ],
  { cwd: ROOT, stdio: 'inherit', env: environment(env) },
);
process.exit(result.status ?? 1);

function isTrue(text) {
  return text !== undefined && !['', '0', 'false'].includes(text.toLowerCase());
}
