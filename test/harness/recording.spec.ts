import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { linesOf, searchRecordings } from './planted-secrets.js';
import { plant, plantRandom, record, Recording } from './recording.js';
import { RunningProcess } from './running-process.js';
import { withEnvironment } from './with-environment.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'aigw-recording-spec-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** What happens is recorded apart from the run that this test is part of. */
const recorded = async <T>(work: () => T | Promise<T>): Promise<T> =>
  await withEnvironment({ AIGW_TEST_RECORDINGS: directory }, async () => await work());
const found = () => searchRecordings(directory).leaks.map(({ place, line, secret }) => ({ place, line, secret }));

describe('what a run records', () => {
  it('holds what a program writes to both outputs, its command line, its last words and those of its children', async () => {
    const [out, err, argument, child] = ['out', 'err', 'argument', 'child'].map((what) => `PLANTED-${what}-of-program`);
    const script = `const { spawn } = require('node:child_process');
      spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', process.env.OF_CHILD]);
      console.error(process.env.OF_ERR); process.stdout.write('ready\\n' + process.env.OF_OUT);
      setInterval(() => {}, 1000); process.on('SIGTERM', () => process.exit());`;
    await recorded(async () => {
      for (const value of [out, err, argument, child]) plant(`the ${value!.split('-')[1]}`, value!);
      const env = { OF_OUT: out, OF_ERR: err, OF_CHILD: child };
      const program = new RunningProcess(process.execPath, ['-e', script, argument!], env);
      await program.line('the first line', (line) => line === 'ready');
      await program.stop();
    });
    expect(new Set(found().map(({ secret }) => secret))).toEqual(
      new Set(['the out', 'the err', 'the argument', 'the child']),
    );
  });

  it('holds the pages of a program that is asked to end', async () => {
    const script = `require('node:http').createServer((_, answer) => answer.end(process.env.OF_PAGE))
      .listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;
    await recorded(async () => {
      const env = { OF_PAGE: 'PLANTED-page-of-program' };
      const program = new RunningProcess(process.execPath, ['-e', script], env);
      const port = await program.line('a port', (line) => /^\d+$/.test(line));
      program.pages.push(`http://127.0.0.1:${port}/metrics`, 'http://127.0.0.1:1/nobody');
      await program.stop();
    });
    expect(found()).toEqual([
      {
        place: expect.stringContaining('node'),
        line: expect.any(Number),
        secret: 'a credential without a name',
      },
    ]);
  });

  it('is bounded: the rest of what is too long is left out, and says so', async () => {
    await recorded(() => {
      const recording = new Recording('log');
      for (let i = 0; i < 10; i += 1) recording.add('x'.repeat(1 << 20));
      recording.add('PLANTED-too-late');
      recording.end();
      recording.add('PLANTED-after-the-end');
    });
    expect(found()).toEqual([]);
    expect(searchRecordings(directory)).toMatchObject({ files: 1, cut: 1 });
    expect(linesOf(directory, searchRecordings(directory))[0]).toContain(
      '1 recordings (1 without their ends), 8.0 MiB',
    );
    expect(searchRecordings(directory).bytes).toBeLessThan(9 << 20);
  });
});

describe('planting', () => {
  it('knows each secret by its name, in every text where credentials are', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await recorded(() => {
      plant('AWS file', '[default]\naws_access_key_id = AKIA\naws_secret_access_key = PLANTED-aws/key+\n');
      plant('client secret', 'PLANTED-client secret');
      plant('service account', JSON.stringify({ type: 'service_account', private_key: pem }));
      plantRandom('token', 'eyJhbGciOiJSUzI1NiJ9');
      record('aws', 'x: PLANTED-aws/key+');
      record('client', `x: ${encodeURIComponent('PLANTED-client secret')}`);
      record('account', `fine\n${Buffer.from(`{"a":${JSON.stringify(pem)}}`).toString('base64')}`);
      record('token', '"Bearer eyJhbGciOiJSUzI1NiJ9"');
      record('fine', '[default]\naws_access_key_id = AKIA');
    });
    expect(found().map(({ place, line, secret }) => [/([a-z]+)\.log$/.exec(place)?.[1], line, secret])).toEqual(
      expect.arrayContaining([
        ['aws', 1, 'AWS file'],
        ['client', 1, 'client secret'],
        ['account', 2, 'service account'],
        ['token', 1, 'token'],
      ]),
    );
    expect(found()).toHaveLength(4);
  });

  it('does not take a public key for a private one', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await recorded(() => {
      plant('key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
      record('public', publicKey.export({ type: 'spki', format: 'pem' }).toString());
      record('jwk', JSON.stringify(publicKey.export({ format: 'jwk' })));
    });
    expect(found()).toEqual([]);
  });

  it('refuses a credential that would leak unseen', () => {
    expect(() => plant('the key', 'sk-openai')).toThrow(
      'the key is no planted credential: give it a value that begins',
    );
  });
});

describe('linesOf', () => {
  it('tells file, line and name, and never a secret', async () => {
    await recorded(() => {
      plant('the key', 'PLANTED-the-key');
      for (let i = 0; i < 22; i += 1) record('log', 'a PLANTED-the-key');
    });
    const lines = linesOf(directory, searchRecordings(directory));
    expect(lines[0]).toMatch(/^planted secrets: 22 found in 22 recordings, 0\.0 MiB$/);
    expect(lines[1]).toMatch(new RegExp(`^leaked: ${directory}/harness-recording-\\d+-\\d+-log\\.log:1: the key$`));
    expect([lines.length, lines.at(-1)]).toEqual([22, 'and 2 more']);
    expect(lines.join('\n')).not.toContain('PLANTED-');
  });
});

describe('a run of tests', () => {
  const runs = async (recorded: string) => {
    writeFileSync(
      join(directory, 'leaking.spec.mjs'),
      `import { writeFileSync } from 'node:fs';
       test('passes', () => writeFileSync(process.env.AIGW_TEST_RECORDINGS + '/some.log', ${JSON.stringify(recorded)}));`,
    );
    const config = { rootDir: directory, testMatch: ['**/*.spec.mjs'], transform: {}, reporters: [REPORTER] };
    const args = ['--experimental-vm-modules', '--no-warnings', JEST, '--config', JSON.stringify(config)];
    // Temporary files of its own, by which it is seen whether it leaves any.
    const jest = new RunningProcess(process.execPath, args, { TMPDIR: directory, AIGW_TEST_SKIPPED_RINGS: '' });
    return { ...(await jest.ended), lines: jest.lines.filter(Boolean) };
  };
  const recordings = () => readdirSync(directory).filter((name) => name.startsWith('aigw-recordings-'));

  it('fails when a secret leaked, though all tests pass, and keeps what it recorded', async () => {
    const { code, lines } = await runs('fine\nPLANTED-leak');
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('1 passed, 1 failed');
    expect(lines.at(-2)).toMatch(/^leaked: .*\/some\.log:2: a credential without a name$/);
    expect(recordings()).toHaveLength(1);
  });

  it('passes when none did, and leaves nothing behind', async () => {
    const { code, lines } = await runs('fine');
    expect(code).toBe(0);
    expect(lines.slice(-2)).toEqual(['planted secrets: none found in 1 recordings, 0.0 MiB', '1 passed, 0 failed']);
    expect(recordings()).toEqual([]);
  });
});

const REPORTER = resolve('scripts/summary-reporter.mjs');
const JEST = resolve('node_modules/.bin/jest');
