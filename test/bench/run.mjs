// One run of the benchmark; started by scripts/bench.mjs. Exit code 1: a target is missed.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CASES } from './cases.mjs';
import { startGateway } from './gateway.mjs';
import { measureControlPlane } from './control-plane.mjs';
import { loadNow, measureCases, measureMemory } from './measure.mjs';
import { stop } from './processes.mjs';
import { startProvider } from './provider.mjs';

const wholeNumber = (name, fallback) => {
  const value = Number(process.env[name] || fallback);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${name} is "${process.env[name]}"; expected a whole number above 0`);
};
// With what warms up, memory and control plane, a run of everything takes about four minutes.
const seconds = wholeNumber('SECS', 5);
const connections = wholeNumber('CONNS', 32);
const known = [...Object.keys(CASES), 'memory', 'control-plane'];
const names = (process.env.CASES || known.join(',')).split(',');
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0)
  throw new Error(`CASES: there is no ${unknown.join(', ')}; expected some of ${known.join(', ')}`);

const directory = mkdtempSync(join(tmpdir(), 'aigw-bench-'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

const programs = [];
const bench = { directory, seconds, connections, newGateway };
const missed = [];
try {
  const provider = await startProvider(directory);
  programs.push(provider);
  bench.providerPort = provider.port;
  console.log(`${cpus().length} CPUs, ${loadNow()}, ${connections} connections, ${seconds} s per case`);
  const cases = names.filter((name) => Object.hasOwn(CASES, name));
  if (cases.length > 0) missed.push(...(await measureCases(bench, cases)));
  if (names.includes('memory')) missed.push(...(await measureMemory(bench)));
  if (names.includes('control-plane'))
    missed.push(...(await measureControlPlane({ directory, main: mainPath(), routes: wholeNumber('ROUTES', 1_000) })));
} finally {
  await Promise.all(programs.map(stop));
}
for (const target of missed) console.log(`MISSED: ${target}`);
process.exit(missed.length > 0 ? 1 : 0);

/** A fresh Envoy with a fresh processor. */
async function newGateway(name) {
  const gateway = await startGateway({
    main: mainPath(),
    envoyPath: process.env.ENVOY_PATH,
    directory: join(directory, name),
    providerPort: bench.providerPort,
  });
  programs.push(gateway.envoy, gateway.extproc);
  return gateway;
}

/** AIGW_TEST_MAIN: of another build than that of `npm run build`. */
function mainPath() {
  return resolve(process.env.AIGW_TEST_MAIN ?? 'dist/main.js');
}
