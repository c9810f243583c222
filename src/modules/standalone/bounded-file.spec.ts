import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyWhenLarge } from './bounded-file.js';

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
