// Programs that a run needs: started with a log each, measured through /proc, ended by their own ids.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const READY_MS = 30_000;
const STOP_MS = 5_000;
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Starts a program; both outputs go to `logPath`. Its stdin stays open until we end. */
export function start(command, args, logPath, env = {}) {
  const log = openSync(logPath, 'w');
  const child = spawn(command, args, { stdio: ['pipe', log, log], env: { ...process.env, ...env } });
  child.stdin.on('error', () => undefined);
  child.on('error', (error) => console.error(`cannot run ${command}: ${error.message}`));
  endWithUs(child);
  return { pid: child.pid, child, logPath, hasEnded: () => child.exitCode !== null || child.signalCode !== null };
}

/** Has a child process killed when this one ends before it. */
export function endWithUs(child) {
  running.add(child);
  child.on('exit', () => running.delete(child));
}

/** Asks a program to end, insists after 5 s. */
export async function stop({ child, hasEnded }) {
  if (hasEnded()) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(insist);
}

/** Waits until something accepts connections at `target`, a port of 127.0.0.1 or the path of a socket. */
export async function listening(program, target, what) {
  const deadline = performance.now() + READY_MS;
  while (!(await accepts(target))) {
    if (program.hasEnded() || performance.now() > deadline) {
      throw new Error(`${what} does not listen on ${target}:\n${readFileSync(program.logPath, 'utf8').slice(-2000)}`);
    }
    await delay(50);
  }
}

const accepts = (target) =>
  new Promise((resolve) => {
    const socket = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A process and all its descendants. */
function tree(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const text = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  });
  return [pid, ...children.flatMap(tree)];
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** CPU time that a process and its descendants used so far. @see proc(5), utime and stime */
export function cpuSeconds({ pid }) {
  const ticks = tree(pid).map((one) => {
    const text = readFileSync(`/proc/${one}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS_PER_SECOND;
}

/** Resident memory of a process and its descendants, in MiB. */
export function residentMiB({ pid }) {
  const kib = tree(pid).map((one) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))[1]));
  return kib.reduce((sum, one) => sum + one, 0) / 1024;
}
