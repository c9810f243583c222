import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFileSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyWhenLarge } from './bounded-file.js';
import { followFile } from './follow-file.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'aigw-bound-'));
  path = join(directory, 'a.log');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('emptyWhenLarge', () => {
  it('keeps a copy and lets the writer go on at the start', async () => {
    const writer = openSync(path, 'a');
    writeSync(writer, 'first\n');
    expect(await emptyWhenLarge(path, 6)).toBe(false);
    writeSync(writer, 'second\n');
    expect(await emptyWhenLarge(path, 6)).toBe(true);
    writeSync(writer, 'third\n');
    closeSync(writer);
    expect(readFileSync(path, 'utf8')).toBe('third\n');
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('first\nsecond\n');
  });

  it('leaves a file that is missing alone', async () => {
    expect(await emptyWhenLarge(path, 0)).toBe(false);
    expect(existsSync(`${path}.1`)).toBe(false);
  });
});

describe('followFile', () => {
  it('passes on whole lines, also after the file was emptied', async () => {
    const lines: string[] = [];
    let seen = Promise.withResolvers<void>();
    const end = followFile(path, (line) => {
      lines.push(line);
      seen.resolve();
    });
    appendFileSync(path, 'one\ntw');
    await seen.promise;
    seen = Promise.withResolvers<void>();
    appendFileSync(path, 'o\n');
    await seen.promise;
    await emptyWhenLarge(path, 0);
    seen = Promise.withResolvers<void>();
    appendFileSync(path, '3\n');
    await seen.promise;
    end();
    expect(lines).toEqual(['one', 'two', '3']);
  });
});
