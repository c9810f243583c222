import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BackOff } from './back-off.js';
import { startGuarded } from './guarded-process.js';
import { SupervisedProcess, type ProcessSpec } from './supervised-process.js';

const directory = mkdtempSync(join(tmpdir(), 'aigw-process-'));
const marker = join(directory, 'ready');
const started: SupervisedProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop(0)));
  rmSync(marker, { force: true });
});

const READY = `require('fs').writeFileSync(${JSON.stringify(marker)}, String(process.pid));`;
const LIVE = `${READY} setInterval(() => {}, 1e6);`;

function supervised(
  script: string,
  more: Partial<ProcessSpec> = {},
): { process: SupervisedProcess; reports: string[] } {
  const reports: string[] = [];
  const one = new SupervisedProcess({
    name: 'fake',
    prepare: () => {
      rmSync(marker, { force: true });
      return { command: process.execPath, args: ['-e', script], env: process.env, onStderrLine: () => undefined };
    },
    isReady: async () => existsSync(marker),
    readyTimeoutMs: 10_000,
    backOff: { firstMs: 1, maxMs: 4, failuresMax: 3, stableMs: 60_000 },
    report: (message) => void reports.push(message),
    ...more,
  });
  started.push(one);
  return { process: one, reports };
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe('SupervisedProcess', () => {
  it('resolves its start when the process is ready, and ends it on stop', async () => {
    const { process: one } = supervised(LIVE);
    await one.start();
    const pid = one.pid!;
    expect(Number(readFileSync(marker, 'utf8'))).toBe(pid);
    await one.stop(5_000);
    expect(isAlive(pid)).toBe(false);
    expect(one.pid).toBeUndefined();
  });

  it('rejects its start with the last output when the process ends at once', async () => {
    const { process: one } = supervised(`process.stderr.write('no such option\\n', () => process.exit(3))`);
    await expect(one.start()).rejects.toThrow(
      /^fake did not start: it ended with exit code 3\. Its last output:\n {2}no such option$/,
    );
  });

  it('rejects its start when the process is not ready in time', async () => {
    const { process: one } = supervised('setInterval(() => {}, 1e6)', { readyTimeoutMs: 300 });
    await expect(one.start()).rejects.toThrow('fake did not start: it was not ready within 0.3 s');
    expect(one.pid).toBeUndefined();
  });

  it('rejects its start when there is no such command', async () => {
    const { process: one } = supervised('', {
      prepare: () => ({ command: '/no/such/file', args: [], env: process.env, onStderrLine: () => undefined }),
    });
    await expect(one.start()).rejects.toThrow('fake did not start: it ended with exit code 127');
  });

  it('starts the process again when it was killed', async () => {
    const { process: one, reports } = supervised(LIVE);
    await one.start();
    const first = one.pid!;
    process.kill(first, 'SIGKILL');
    await until(() => reports.length === 2);
    expect(reports).toEqual(['fake ended with signal SIGKILL; starting it again in 1 ms', 'fake is ready again']);
    expect(one.pid).not.toBe(first);
    expect(one.restarts).toBe(1);
  });

  it('gives up and says so when the process keeps ending', async () => {
    const { process: one, reports } = supervised(`${READY} setTimeout(() => process.exit(7), 100);`);
    await one.start();
    const reason = await one.lost;
    expect(reason.message).toBe('fake ended with exit code 7, too often in a row; not started again');
    expect(
      reports.filter((line) => line.includes('starting it again')).map((line) => /\d+ ms/.exec(line)?.[0]),
    ).toEqual(['1 ms', '2 ms', '4 ms']);
  });

  it('kills a process that does not heed TERM', async () => {
    const { process: one } = supervised(`process.on('SIGTERM', () => {}); ${LIVE}`);
    await one.start();
    const pid = one.pid!;
    await one.stop(50);
    expect(isAlive(pid)).toBe(false);
  });

  it('does not start the process again when stopped during the back-off', async () => {
    const { process: one, reports } = supervised(LIVE, {
      backOff: { firstMs: 60_000, maxMs: 60_000, failuresMax: 3, stableMs: 60_000 },
    });
    await one.start();
    process.kill(one.pid!, 'SIGKILL');
    await until(() => reports.length === 1);
    await one.stop(0);
    expect(one.restarts).toBe(0);
  });
});

describe('startGuarded', () => {
  it('ends the command when the parent is killed', async () => {
    const source = new URL('./guarded-process.ts', import.meta.url).pathname;
    // Node strips the types of this one file by itself, so the parent runs the real code.
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { startGuarded } = await import(${JSON.stringify(source)});
         const one = startGuarded({ command: 'sleep', args: ['1000'], env: process.env, onStderrLine: () => {} });
         process.stdout.write(one.pid + '\\n'); setInterval(() => {}, 1e6);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
    expect(isAlive(pid)).toBe(false);
  });

  it('is the command itself: same process id, exit code and environment', async () => {
    const lines: string[] = [];
    const one = startGuarded({
      command: process.execPath,
      args: ['-e', 'console.error(process.pid, process.env.MARK); process.exitCode = 5'],
      env: { MARK: 'set' },
      onStderrLine: (line) => void lines.push(line),
    });
    expect(await one.exited).toEqual({ code: 5, signal: null });
    await until(() => lines.length > 0);
    expect(lines).toEqual([`${one.pid} set`]);
  });
});

describe('BackOff', () => {
  const settings = { firstMs: 100, maxMs: 300, failuresMax: 4, stableMs: 1_000 };

  it('doubles up to its maximum, then gives up', () => {
    const backOff = new BackOff(settings);
    expect([0, 0, 0, 0, 0].map((ranForMs) => backOff.next(ranForMs))).toEqual([100, 200, 300, 300, undefined]);
  });

  it('begins anew after a stable run', () => {
    const backOff = new BackOff(settings);
    expect([0, 0, 1_000, 0].map((ranForMs) => backOff.next(ranForMs))).toEqual([100, 200, 100, 200]);
  });
});
