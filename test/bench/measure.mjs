// What is measured, how it is printed, and which targets it is held to.
import { loadavg } from 'node:os';
import { CASES } from './cases.mjs';
import { checkAnswer, load } from './load.mjs';
import { cpuSeconds, residentMiB } from './processes.mjs';

/** CPU of the processor for a small chat, in terms of plain Envoy's CPU for it. */
const SMALL_MULTIPLE_MAX = 4;
/** A busy machine makes every figure worse and none better, so that the best of several tries counts. */
const SMALL_TRIES = 3;
const RESIDENT_MIB_MAX = 150;
/** Two points of a run may differ by this factor and count as not grown. */
const GROWTH_MAX = 1.1;
const WARM_UP_SECONDS = 2;
const MEMORY_REQUESTS = [20_000, 100_000];
const MEMORY_SLICE_SECONDS = 2;

export const loadNow = () =>
  `load ${loadavg()
    .map((one) => one.toFixed(1))
    .join(' ')}`;

/** Measures cases, each with its baseline before it. Returns the targets that were missed. */
export async function measureCases(bench, names) {
  const gateway = await bench.newGateway('cases');
  const plainMicros = new Map();
  const missed = [];
  printRow('case', ['req/s', 'p50 ms', 'p99 ms', 'extproc µs', 'µs/event', '× Envoy', 'Envoy µs', 'RSS MiB']);
  const run = async (name) => {
    const { baseline, events } = CASES[name];
    const found = await measure(bench, gateway, name);
    if (baseline === undefined) plainMicros.set(name, found.envoyMicros);
    const multiple = baseline === undefined ? undefined : found.extprocMicros / plainMicros.get(baseline);
    const { perSecond, p50Ms, p99Ms, extprocMicros, envoyMicros, rssMiB, failed } = found;
    const perEvent = events === undefined ? undefined : extprocMicros / events;
    const figures = [perSecond, p50Ms, p99Ms, extprocMicros, perEvent, multiple, envoyMicros, rssMiB];
    printRow(name, figures.map(figure), `${loadNow()}${failed > 0 ? `, ${failed} FAILED` : ''}`);
    if (failed > 0) missed.push(`${name}: ${failed} requests failed`);
    return multiple;
  };
  for (const name of names) {
    const { baseline } = CASES[name];
    if (baseline !== undefined && !plainMicros.has(baseline)) await run(baseline);
    if (baseline === undefined && plainMicros.has(name)) continue;
    let best = await run(name);
    if (name !== 'small') continue;
    for (let tries = 1; best > SMALL_MULTIPLE_MAX && tries < SMALL_TRIES; tries++) {
      await run(baseline);
      best = Math.min(best, await run(name));
    }
    if (best > SMALL_MULTIPLE_MAX)
      missed.push(`small: ${figure(best)} × plain Envoy's CPU, at most ${SMALL_MULTIPLE_MAX} expected`);
  }
  return missed;
}

async function measure({ directory, seconds, connections }, { port, plainPort, extproc, envoy }, name) {
  const one = CASES[name];
  const target = one.baseline === undefined ? plainPort : port;
  await checkAnswer(target, name, one);
  await load(directory, target, one, { seconds: WARM_UP_SECONDS, connections });
  const before = [cpuSeconds(extproc), cpuSeconds(envoy)];
  const { requests, ...times } = await load(directory, target, one, { seconds, connections });
  if (requests === 0) throw new Error(`case ${name}: no request was answered`);
  const micros = (program, from) => ((cpuSeconds(program) - from) * 1e6) / requests;
  return {
    ...times,
    perSecond: requests / seconds,
    extprocMicros: micros(extproc, before[0]),
    envoyMicros: micros(envoy, before[1]),
    rssMiB: residentMiB(extproc),
  };
}

/** Small chats on a fresh processor: its memory is to be small after many requests, and the same after many more. */
export async function measureMemory(bench) {
  const { directory, connections } = bench;
  const { port, extproc } = await bench.newGateway('memory');
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
    console.log(`memory: ${figure(found.at(-1))} MiB after ${sent} small chats, ${loadNow()}`);
  }
  const [early, late] = found;
  const most = Math.max(early, late);
  return [
    ...(most >= RESIDENT_MIB_MAX ? [`memory: ${figure(most)} MiB, less than ${RESIDENT_MIB_MAX} expected`] : []),
    ...(late > early * GROWTH_MAX ? [`memory: grew from ${figure(early)} to ${figure(late)} MiB`] : []),
  ];
}

const figure = (value) => (value === undefined ? '–' : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0));

const printRow = (name, columns, note = '') =>
  console.log(`${name.padEnd(24)}${columns.map((text) => text.padStart(11)).join('')}  ${note}`.trimEnd());
