import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeOldRuns } from './run-history.js';

const home = mkdtempSync(join(tmpdir(), 'aigw-runs-'));
afterAll(() => rmSync(home, { recursive: true }));

describe('removeOldRuns', () => {
  it('keeps the newest, those that run, and what is no run', async () => {
    const runs = join(home, 'runs');
    const runtime = join(home, 'run');
    const ages = { newest: 1, second: 2, third: 3, running: 4, oldest: 5 };
    for (const [id, age] of Object.entries(ages)) {
      mkdirSync(join(runs, id, 'envoy-xds'), { recursive: true });
      const log = join(runs, id, 'aigw.log');
      writeFileSync(log, '');
      utimesSync(log, 1_000_000 - age, 1_000_000 - age);
    }
    mkdirSync(join(runs, 'mine'));
    for (const id of ['running', 'oldest']) mkdirSync(join(runtime, id), { recursive: true });
    const serves = (id: string) => Promise.resolve(id === 'running');
    expect(await removeOldRuns({ states: runs, runtimes: runtime }, 2, serves)).toEqual(['third', 'oldest']);
    expect(readdirSync(runtime)).toEqual(['running']);
    expect(readdirSync(runs).sort()).toEqual(['mine', 'newest', 'running', 'second']);
  });

  it('rejects when there is no directory of runs', async () => {
    const removing = removeOldRuns({ states: join(home, 'none'), runtimes: home }, 2, () => Promise.resolve(false));
    await expect(removing).rejects.toThrow('ENOENT');
  });
});
