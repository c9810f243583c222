import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { commandLinesOf, PlantedSecrets } from './planted-secrets.js';
import { RunningProcess } from './running-process.js';

const SECRET = 'PLANTED "se/c+ret" é';
const planted = new PlantedSecrets([SECRET]);
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('PlantedSecrets', () => {
  it.each([
    ['as it is', `a ${SECRET} b`],
    ['in JSON', JSON.stringify({ a: SECRET })],
    ['in JSON in JSON', JSON.stringify(JSON.stringify({ a: SECRET }))],
    ['in a URL', `https://x.test/?a=${encodeURIComponent(SECRET)}`],
    ['in a form', new URLSearchParams({ a: 'PLANTED secret' }).toString()],
    ['in hexadecimal', Buffer.from(SECRET).toString('hex')],
    ['in base64', base64(SECRET)],
    ['in base64 of a pair of client and secret', base64(`client:${SECRET}`)],
    ['in base64 of a file', base64(`{"key":"${SECRET}","x":1}`)],
    ['in URL-safe base64', Buffer.from(`ab${SECRET}`).toString('base64url')],
  ])('finds a secret %s, and does not repeat it', (_, text) => {
    const leaks = new PlantedSecrets([SECRET, 'PLANTED secret']).leaks('log', ['before', text]);
    expect(leaks).toEqual([{ place: 'log', excerpt: expect.stringContaining('█') }]);
    expect(leaks[0]!.excerpt).not.toContain('PLANTED');
  });

  it('finds base64 wherever the secret begins', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(planted.leaks('log', [base64(before + SECRET + after)])).toHaveLength(1);
      }),
    );
  });

  it('finds lines of a secret that has several', () => {
    expect(new PlantedSecrets(['first-line\nsecond-line']).leaks('log', ['x second-line'])).toHaveLength(1);
  });

  it('finds nothing where there is nothing', () => {
    expect(planted.leaks('log', ['PLANTED', 'se/c+ret', ''])).toEqual([]);
  });

  it('refuses secrets that cannot be told from other text', () => {
    expect(() => new PlantedSecrets(['short'])).toThrow('a planted secret of 5 characters would be found by chance');
    expect(() => new PlantedSecrets([''])).toThrow('no secrets were planted');
  });
});

describe('commandLinesOf', () => {
  it('has those of the process and of its children', async () => {
    const child = new RunningProcess('sleep', ['37.5']);
    try {
      const lines = commandLinesOf(process.pid);
      expect(lines.get(process.pid)).toContain('node');
      expect(lines.get(child.pid)).toContain('37.5');
      expect([...commandLinesOf(child.pid).keys()]).toEqual([child.pid]);
    } finally {
      await child.stop('SIGKILL');
    }
  });
});
