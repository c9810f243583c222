import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { followFile } from './follow-file.js';

let directory: string;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'aigw-follow-'))));
afterEach(() => rmSync(directory, { recursive: true }));

describe('followFile', () => {
  it('passes on whole lines, also those that were written just before the end', async () => {
    const path = join(directory, 'log');
    const lines: string[] = [];
    const first = Promise.withResolvers<void>();
    const end = followFile(path, (line) => {
      lines.push(line);
      first.resolve();
    });
    writeFileSync(path, 'one\ntw');
    await first.promise;
    appendFileSync(path, `ö\n${'x'.repeat(200_000)}\nrest`);
    await end();
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['one', 'twö', 'xxxx']);
    expect(lines[2]!.length).toBeGreaterThanOrEqual(64 * 1_024);
  });

  it('begins anew when the file is emptied', async () => {
    const path = join(directory, 'log');
    writeFileSync(path, 'a longer first line\n');
    const lines: string[] = [];
    const first = Promise.withResolvers<void>();
    const end = followFile(path, (line) => {
      lines.push(line);
      first.resolve();
    });
    await first.promise;
    truncateSync(path);
    appendFileSync(path, 'second\n');
    await end();
    expect(lines).toEqual(['a longer first line', 'second']);
  });

  it('ends without a word when there is no file', async () => {
    await expect(followFile(join(directory, 'none'), () => undefined)()).resolves.toBeUndefined();
  });
});
