import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChangeWatch } from './change-watch.js';

let directory: string;
let watching: ChangeWatch | undefined;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'aigw-watch-'))));
afterEach(async () => {
  await watching?.close();
  rmSync(directory, { recursive: true });
});

/** Starts a watch and gives a promise of its next call. */
function watchDirectories(directories: () => string[], pollMs: number): () => Promise<void> {
  let resolveNext: (() => void) | undefined;
  watching = new ChangeWatch({
    directories,
    debounceMs: 5,
    pollMs,
    onChange: async () => resolveNext?.(),
  });
  watching.start();
  return () => new Promise((resolve) => (resolveNext = resolve));
}

describe('ChangeWatch', () => {
  it('calls back when a file is written, and when one is renamed into place', async () => {
    const next = watchDirectories(() => [directory], 1e6);
    const written = next();
    writeFileSync(join(directory, 'a.yaml'), 'one');
    await expect(written).resolves.toBeUndefined();
    const renamed = next();
    writeFileSync(join(directory, '.b'), 'two');
    renameSync(join(directory, '.b'), join(directory, 'a.yaml'));
    await expect(renamed).resolves.toBeUndefined();
  });

  it('calls back by polling when a directory cannot be watched', async () => {
    const next = watchDirectories(() => [join(directory, 'missing')], 10);
    await expect(next()).resolves.toBeUndefined();
  });

  it('calls back once more, never at the same time, when a change comes in during a call', async () => {
    let running = 0;
    let most = 0;
    let calls = 0;
    const firstCall = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const secondCall = Promise.withResolvers<void>();
    watching = new ChangeWatch({
      directories: () => [directory],
      debounceMs: 1,
      pollMs: 5,
      onChange: async () => {
        most = Math.max(most, ++running);
        calls++;
        firstCall.resolve();
        await goOn.promise;
        running--;
        if (calls === 2) secondCall.resolve();
      },
    });
    watching.start();
    await firstCall.promise;
    // Several polls go by while the first call is under way.
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(calls).toBe(1);
    goOn.resolve();
    await secondCall.promise;
    expect(most).toBe(1);
  });
});
