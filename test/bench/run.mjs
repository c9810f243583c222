// One run of the benchmark; started by scripts/bench.mjs. Exit code 1: a target is missed.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CASES } from './cases.mjs';
import { startGateway } from './gateway.mjs';
import { checkAnswer, load } from './load.mjs';
import { cpuSeconds, residentMiB, stop } from './processes.mjs';
import { startProvider } from './provider.mjs';

/** Targets of docs/benchmark: CPU of the processor for a small chat in terms of plain Envoy, and its memory. */
const SMALL_MULTIPLE_MAX = 4;
const RESIDENT_MIB_MAX = 150;
/** Memory may differ by this much between two points of a run without growing. */
const GROWTH_MAX = 1.1;
const WARM_UP_SECONDS = 3;
const MEMORY_REQUESTS = [20_000, 100_000];
const MEMORY_SLICE_SECONDS = 2;

const number = (name, fallback) => {
  const value = Number(process.env[name] || fallback);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${name} is "${process.env[name]}"; expected a whole number above 0`);
};
const seconds = number('SECS', 8);
const connections = number('CONNS', 32);
const names = (process.env.CASES || [...Object.keys(CASES), 'memory'].join(',')).split(',');
const unknown = names.filter((name) => name !== 'memory' && !(name in CASES));
if (unknown.length > 0)
  throw new Error(`CASES: no case ${unknown.join(', ')}; there are ${Object.keys(CASES).join(', ')}, memory`);

const directory = mkdtempSync(join(tmpdir(), 'aigw-bench-'));
const main = resolve(process.env.AIGW_TEST_MAIN ?? 'dist/main.js');
const missed = [];
const running = [];
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

const provider = await startProvider(directory);
running.push(provider);
const newGateway = async (name) => {
  const settings = {
    main,
    envoyPath: process.env.ENVOY_PATH,
    directory: join(directory, name),
    providerPort: provider.port,
  };
  const gateway = await startGateway(settings);
  running.push(gateway.envoy, gateway.extproc);
  return gateway;
};
const loadNow = () =>
  `load ${loadavg()
    .map((one) => one.toFixed(1))
    .join(' ')}`;

try {
  console.log(`${cpus().length} CPUs, ${loadNow()}, ${connections} connections, ${seconds} s per case`);
  await measureCases(names.filter((name) => name !== 'memory'));
  if (names.includes('memory')) await measureMemory();
} finally {
  await Promise.all(running.map(stop));
}
for (const target of missed) console.log(`MISSED: ${target}`);
process.exit(missed.length > 0 ? 1 : 0);

async function measureCases(chosen) {
  if (chosen.length === 0) return;
  const gateway = await newGateway('cases');
  const plainMicros = {};
  console.log(row(['case', 'req/s', 'p50 ms', 'p99 ms', 'extproc µs', '× Envoy', 'Envoy µs', 'RSS MiB', '']));
  for (const name of chosen) {
    const found = await measure(gateway, name);
    if (CASES[name].isPlain) plainMicros[name] = found.envoyMicros;
    const plain = plainMicros[name === '1m' ? 'baseline-1m' : 'baseline'];
    const multiple = CASES[name].isPlain || plain === undefined ? undefined : found.extprocMicros / plain;
    const figures = [
      found.perSecond,
      found.p50Ms,
      found.p99Ms,
      found.extprocMicros,
      multiple,
      found.envoyMicros,
      found.residentMiB,
    ];
    console.log(
      row([name, ...figures.map(figure), `${loadNow()}${found.failed > 0 ? `, ${found.failed} FAILED` : ''}`]),
    );
    if (found.failed > 0) missed.push(`${name}: ${found.failed} requests failed`);
    if (name === 'small' && multiple > SMALL_MULTIPLE_MAX) {
      missed.push(`small: ${multiple.toFixed(1)} × plain Envoy's CPU, target ${SMALL_MULTIPLE_MAX}`);
    }
  }
}

async function measure({ port, plainPort, extproc, envoy }, name) {
  const one = CASES[name];
  const target = one.isPlain ? plainPort : port;
  await checkAnswer(target, name, one);
  await load(directory, target, one, { seconds: WARM_UP_SECONDS, connections });
  const before = [cpuSeconds(extproc), cpuSeconds(envoy)];
  const { requests, ...times } = await load(directory, target, one, { seconds, connections });
  const micros = (program, from) => ((cpuSeconds(program) - from) * 1e6) / requests;
  return {
    ...times,
    perSecond: requests / seconds,
    extprocMicros: micros(extproc, before[0]),
    envoyMicros: micros(envoy, before[1]),
    residentMiB: residentMiB(extproc),
  };
}

/** Small chats on a fresh processor: its memory must be small after many requests, and the same after many more. */
async function measureMemory() {
  const { port, extproc } = await newGateway('memory');
  await checkAnswer(port, 'memory', CASES.small);
  const found = [];
  let sent = 0;
  for (const requests of MEMORY_REQUESTS) {
    while (sent < requests) {
      const slice = await load(directory, port, CASES.small, { seconds: MEMORY_SLICE_SECONDS, connections });
      if (slice.requests === 0) throw new Error('memory: no request was answered');
      sent += slice.requests;
    }
    found.push(residentMiB(extproc));
    console.log(`memory: ${found.at(-1).toFixed(0)} MiB after ${sent} small chats, ${loadNow()}`);
  }
  const [early, late] = found;
  if (Math.max(...found) >= RESIDENT_MIB_MAX)
    missed.push(`memory: ${Math.max(...found).toFixed(0)} MiB, target below ${RESIDENT_MIB_MAX}`);
  if (late > early * GROWTH_MAX) missed.push(`memory: grew from ${early.toFixed(0)} to ${late.toFixed(0)} MiB`);
}

function figure(value) {
  if (value === undefined) return '–';
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

function row([name, ...columns]) {
  return [name.padEnd(12), ...columns.slice(0, -1).map((text) => text.padStart(11)), ` ${columns.at(-1)}`].join('');
}
