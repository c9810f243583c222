import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { PlantedSecrets } from './planted-secrets.js';

const SECRET = 'PLANTED "se/c+ret" é';
const secretsOf = (...values: readonly string[]) =>
  new PlantedSecrets(values.map((value, i) => ({ name: `secret ${i}`, value })));
const planted = secretsOf(SECRET);
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
    const leaks = secretsOf(SECRET, 'PLANTED secret').leaks('log', ['before', text]);
    const secret = text.includes('PLANTED+secret') ? 'secret 1' : 'secret 0';
    expect(leaks).toEqual([{ place: 'log', line: 1, secret, excerpt: expect.stringContaining('█') }]);
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
    expect(secretsOf('first-line\nsecond-line').leaks('log', ['x second-line'])).toHaveLength(1);
  });

  it('tells the line and the name of the longest that is there', () => {
    const search = new PlantedSecrets([
      { name: 'any', value: 'PLANTED-' },
      { name: 'the key of openai', value: 'sk-PLANTED-openai' },
    ]);
    const text = 'fine\nkey=sk-PLANTED-openai\n\nother PLANTED-x, PLANTED-y\n';
    expect(search.leaks('log', ['fine', text]).map(({ line, secret }) => [line, secret])).toEqual([
      [2, 'the key of openai'],
      [4, 'any'],
    ]);
  });

  it('finds what ends with the text, and nothing that a line break divides', () => {
    expect(planted.leaks('log', [SECRET])).toHaveLength(1);
    expect(planted.leaks('log', [`${SECRET.slice(0, 9)}\n${SECRET.slice(9)}`])).toEqual([]);
    expect(planted.leaks('log', [SECRET.slice(0, -1)])).toEqual([]);
  });

  it('finds one of thousands, whatever the others are', () => {
    const values = Array.from({ length: 3_000 }, (_, i) => `PLANTED-${i}-${'x'.repeat(i % 40)}`);
    const search = secretsOf(...values);
    for (const i of [0, 7, 1_234, 2_999])
      expect(search.leaks('log', [`fine\nkey: ${Buffer.from(`key ${values[i]} `).toString('base64')}`])).toEqual([
        { place: 'log', line: 2, secret: `secret ${i}`, excerpt: expect.any(String) },
      ]);
  });

  it('finds nothing where there is nothing', () => {
    expect(planted.leaks('log', ['PLANTED', 'se/c+ret', ''])).toEqual([]);
  });

  it('refuses secrets that cannot be told from other text', () => {
    expect(() => secretsOf('short')).toThrow('secret 0: a planted secret of 5 characters would be found by chance');
    expect(() => secretsOf('')).toThrow('no secrets were planted');
  });
});
