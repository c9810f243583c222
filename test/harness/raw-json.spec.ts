import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { nestedJson, RAW_LEVELS_MAX, rawBytes, rawJson, rawMembers } from './raw-json.js';

const levelsOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(levelsOf)) : 0;

describe('rawJson', () => {
  it('is JSON of bounded nesting, also in bytes', () => {
    fc.assert(
      fc.property(rawJson, (text) => {
        expect(levelsOf(JSON.parse(text))).toBeLessThanOrEqual(RAW_LEVELS_MAX);
        expect(() => JSON.parse(rawBytes(text).toString())).not.toThrow();
      }),
    );
  });

  it.each<[string, (text: string) => boolean]>([
    ['doubled keys', (text) => /\{"a":9007199254740993,"\\u0061" : /.test(text)],
    ['integers above 2^53', (text) => /(?<![\d.])\d{17,}(?![\d.eE])/.test(text)],
    ['long decimals', (text) => /\d\.\d{18,}/.test(text)],
    ['exponents', (text) => /\d[eE][+-]?\d/.test(text)],
    ['lone surrogates as escapes', (text) => text.includes('\\ud800')],
    ['lone surrogates', (text) => !text.isWellFormed()],
    ['pairs as escapes', (text) => /\\ud83d\\ude00/i.test(text)],
    ['pairs', (text) => text.includes('😀')],
    ['white space', (text) => /[[{,:][\t\r\n]/.test(text)],
    ['deep nesting', (text) => levelsOf(JSON.parse(text)) > RAW_LEVELS_MAX / 2],
  ])('has %s', (_, isThere) => {
    expect(fc.sample(rawJson, { numRuns: 2000, seed: 1 }).some(isThere)).toBe(true);
  });
});

describe('rawMembers', () => {
  it('are what is between the braces of an object, with other names than an API has', () => {
    fc.assert(
      fc.property(rawMembers, (members) => {
        const names = Object.keys(JSON.parse(`{${members}}`) as object);
        expect(names.filter((name) => !/^(x_.+|__proto__|)$/su.test(name))).toEqual([]);
      }),
    );
  });
});

describe('rawBytes', () => {
  it('keeps what UTF-8 has and writes lone surrogates as three bytes', () => {
    expect(rawBytes('a😀').toString()).toBe('a😀');
    expect([...rawBytes('a\ud800b\udfff')]).toEqual([0x61, 0xed, 0xa0, 0x80, 0x62, 0xed, 0xbf, 0xbf]);
  });
});

describe('nestedJson', () => {
  it('has as many levels as asked for', () => {
    expect(nestedJson(3)).toBe('[[[]]]');
  });
});
