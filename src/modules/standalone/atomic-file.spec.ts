import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomically } from './atomic-file.js';

let directory: string;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'aigw-file-'))));
afterEach(() => rmSync(directory, { recursive: true }));

describe('writeFileAtomically', () => {
  it('replaces the content by a new file that only the owner may read, and leaves nothing else', async () => {
    const path = join(directory, 'a.json');
    await writeFileAtomically(path, 'one');
    const first = statSync(path).ino;
    await writeFileAtomically(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(statSync(path).ino).not.toBe(first);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['a.json']);
  });

  it('rejects when the directory is missing', async () => {
    await expect(writeFileAtomically(join(directory, 'no', 'a'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
