// wrk: one thread, keep-alive connections, one request after the other on each.
import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { endWithUs } from './processes.mjs';

const run = promisify(execFile);
const headersOf = ({ answer }) => ({
  'content-type': 'application/json',
  'accept-encoding': 'gzip',
  'x-bench-answer': answer,
});

/** Sends one request and throws unless the answer is the expected one. */
export async function checkAnswer(port, name, one) {
  const sent = request({
    host: '127.0.0.1',
    port,
    path: one.path,
    method: 'POST',
    headers: headersOf(one),
    agent: false,
  });
  const response = await new Promise((resolve, reject) => {
    sent.on('response', resolve).on('error', reject).end(one.body);
  });
  const bytes = await buffer(response);
  const text = (response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
  if (response.statusCode === 200 && text.includes(one.expects)) return;
  throw new Error(`case ${name}: wrong answer, status ${response.statusCode}: ${text.slice(0, 300)}`);
}

const MS = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };
const percentileMs = (output, percent) => {
  const found = new RegExp(String.raw`\b${percent}%\s+([\d.]+)(us|ms|s|m)\b`).exec(output);
  return found ? Number(found[1]) * MS[found[2]] : Number.NaN;
};

/** Loads a port for some seconds. `failed` counts answers that are not 2xx or 3xx, and broken connections. */
export async function load(directory, port, one, { seconds, connections }) {
  const script = join(directory, 'wrk.lua');
  const headers = Object.entries(headersOf(one)).map(([name, value]) => `wrk.headers['${name}']='${value}'`);
  writeFileSync(script, ["wrk.method='POST'", ...headers, `wrk.body=[==[${one.body}]==]`].join('\n'));
  const url = `http://127.0.0.1:${port}${one.path}`;
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '--timeout', '20s', '-s', script, url];
  const running = run('wrk', args, { maxBuffer: 1 << 20 });
  endWithUs(running.child);
  const { stdout } = await running;
  const socketErrors =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)?.slice(1) ?? [];
  return {
    requests: Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0),
    failed: [...socketErrors, /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0].reduce(
      (sum, n) => sum + Number(n),
      0,
    ),
    p50Ms: percentileMs(stdout, 50),
    p99Ms: percentileMs(stdout, 99),
  };
}
