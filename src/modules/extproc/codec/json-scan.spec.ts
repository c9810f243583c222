import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  elementRanges,
  insertionPoint,
  isNullDocument,
  memberRanges,
  readBoolean,
  readJson,
  readString,
  scanObject,
} from './json-scan.js';

/** In a larger buffer, as a field of a protobuf message is. */
const bytesOf = (text: string): Uint8Array => {
  const whole = Buffer.from(`"{${text}}"`);
  return new Uint8Array(whole.buffer, whole.byteOffset + 2, whole.length - 4);
};
const last = (text: string, name: string) => scanObject(bytesOf(text), [name]).get(name)?.at(-1);

describe('scanObject', () => {
  it('gives the ranges of the wanted members only', () => {
    const text = ' { "a" : [1, {"model":2}] ,\n"model":\t"m" , "b":{"model":3}} \r\n';
    const members = scanObject(bytesOf(text), ['model', 'stream']);
    expect([...members.keys()]).toEqual(['model']);
    expect(members.get('model')!.map(({ start, end }) => text.slice(start, end))).toEqual(['"m"']);
  });

  it('gives all occurrences in order when a key is doubled, also under other spellings', () => {
    const text = String.raw`{"model":1,"mod\u0065l":"x","Model":2,"model":null}`;
    const ranges = scanObject(bytesOf(text), ['model']).get('model')!;
    expect(ranges.map(({ start, end }) => text.slice(start, end))).toEqual(['1', '"x"', 'null']);
  });

  it.each([
    ['a prefix of the key', '{"models":1}', 'model'],
    ['longer than the key', '{"mode":1}', 'model'],
    ['the key with more behind an escape', String.raw`{"model\n":1}`, 'model'],
    ['a name with a quote', '{"a":1}', 'a"'],
  ])('finds nothing when the name is %s', (_case, text, name) => {
    expect(scanObject(bytesOf(text), [name]).size).toBe(0);
  });

  it.each([
    ['', 'unexpected end at byte 0'],
    [' \n', 'unexpected end at byte 2'],
    ['null', 'unexpected "n" at byte 0'],
    ['[{"a":1}]', 'unexpected "[" at byte 0'],
    ['\uFEFF{}', 'unexpected 0xef at byte 0'],
    ['{"a":1', 'unexpected end at byte 6'],
    ['{"a":1}}', 'unexpected "}" at byte 7'],
    ['{"a":1} {}', 'unexpected "{" at byte 8'],
    ['{"a":1}\0', 'unexpected 0x00 at byte 7'],
    ['{,}', 'unexpected "," at byte 1'],
    ['{"a":1,}', 'unexpected "}" at byte 7'],
    ['{"a" 1}', 'unexpected "1" at byte 5'],
    ['{"a":}', 'unexpected "}" at byte 5'],
    ['{a:1}', 'unexpected "a" at byte 1'],
    ['{"a":1 "b":2}', 'unexpected "\\"" at byte 7'],
    ['{"a":[1,]}', 'unexpected "]" at byte 8'],
    ['{"a":[1}', 'unexpected "}" at byte 7'],
    ['{"a":{"b":1]}', 'unexpected "]" at byte 11'],
    ['{"a":[{}', 'unexpected end at byte 8'],
    ['{"a":01}', 'unexpected "1" at byte 6'],
    ['{"a":-}', 'unexpected "}" at byte 6'],
    ['{"a":1.}', 'unexpected "}" at byte 7'],
    ['{"a":.5}', 'unexpected "." at byte 5'],
    ['{"a":1e+}', 'unexpected "}" at byte 8'],
    ['{"a":+1}', 'unexpected "+" at byte 5'],
    ['{"a":NaN}', 'unexpected "N" at byte 5'],
    ['{"a":nul}', 'unexpected "}" at byte 8'],
    ['{"a":truE}', 'unexpected "E" at byte 8'],
    ['{"a":"b', 'unexpected end at byte 7'],
    ['{"a":"long enough \\', 'unexpected end at byte 19'],
    ['{"a":"\\x"}', 'unexpected "x" at byte 7'],
    ['{"a":"\\u12g4"}', 'unexpected "g" at byte 10'],
    ['{"a":"one\ntwo three"}', 'unexpected 0x0a at byte 9'],
    ["{'a':1}", `unexpected "'" at byte 1`],
  ])('refuses %j', (text, message) => {
    expect(() => scanObject(bytesOf(text), ['a'])).toThrow(
      expect.objectContaining({ name: 'JsonSyntaxError', message }),
    );
  });

  it('tells the offset when it refuses', () => {
    expect(() => scanObject(bytesOf('{"a":1}x'), [])).toThrow(expect.objectContaining({ offset: 7 }));
  });

  it('accepts 10,000 levels in a member and refuses one more', () => {
    const nested = (levels: number) => bytesOf(`{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`);
    expect(scanObject(nested(10_000), ['a']).get('a')).toEqual([{ start: 5, end: 20_005 }]);
    expect(() => scanObject(nested(10_001), ['a'])).toThrow('nesting deeper than 10000 at byte 10005');
  });

  it('finds the values that JSON.parse finds, in any JSON text', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(3), (object, indent) => {
        const bytes = bytesOf(JSON.stringify(object, null, indent));
        const names = Object.keys(object);
        const members = scanObject(bytes, names);
        const found = names.map((name) => [name, readJson(bytes, members.get(name)!.at(-1)!)]);
        expect(found).toEqual(Object.entries(JSON.parse(JSON.stringify(object)) as object));
      }),
    );
  });

  it('accepts a mutilated text exactly when JSON.parse does', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      'a',
      '\\u00e9',
      '0',
      '1',
      '-',
      '.',
      'e',
      'null',
      ' ',
      '\n',
    );
    const edit = fc.tuple(fc.nat(), fc.nat(3), fc.array(pieces, { maxLength: 2 }));
    let accepted = 0;
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(edit, { maxLength: 2 }), (object, edits) => {
        let text = JSON.stringify(object);
        for (const [at, cut, added] of edits) {
          const offset = at % text.length || 0;
          text = text.slice(0, offset) + added.join('') + text.slice(offset + cut);
        }
        const expected = parsesAsObject(text);
        if (expected) accepted++;
        expect(scans(text)).toBe(expected);
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});

function parsesAsObject(text: string): boolean {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function scans(text: string): boolean {
  try {
    scanObject(bytesOf(text), []);
    return true;
  } catch {
    return false;
  }
}

describe('isNullDocument', () => {
  it.each([
    ['null', true],
    [' null\n', true],
    ['', false],
    ['nul', false],
    ['null x', false],
    ['"null"', false],
  ])('says of %j: %s', (text, expected) => {
    expect(isNullDocument(bytesOf(text))).toBe(expected);
  });
});

describe('memberRanges', () => {
  it('looks inside a nested object', () => {
    const text = '{"stream_options": {"x":[], "include_usage":true}}';
    const bytes = bytesOf(text);
    const range = memberRanges(bytes, last(text, 'stream_options')!, ['include_usage']).get('include_usage')!.at(-1)!;
    expect(readBoolean(bytes, range)).toBe(true);
  });

  it('is empty when the value is not an object', () => {
    const text = '{"a":["b"]}';
    expect(memberRanges(bytesOf(text), last(text, 'a')!, ['b']).size).toBe(0);
  });
});

describe('elementRanges', () => {
  it.each([
    ['[]', []],
    ['[ ]', []],
    ['[1 , [2,3],{"a":4} ]', ['1', '[2,3]', '{"a":4}']],
    ['{}', undefined],
  ])('gives the elements of %s', (array, expected) => {
    const text = `{"a":${array}}`;
    const elements = elementRanges(bytesOf(text), last(text, 'a')!);
    expect(elements?.map(({ start, end }) => text.slice(start, end))).toEqual(expected);
  });
});

describe('insertionPoint', () => {
  it.each([
    [' {}', { offset: 2, isEmpty: true }],
    ['{ \n}', { offset: 1, isEmpty: true }],
    ['{"a":1}', { offset: 1, isEmpty: false }],
  ])('lies behind the brace of %j', (text, expected) => {
    expect(insertionPoint(bytesOf(text))).toEqual(expected);
  });

  it('lies in a nested object when its range is given', () => {
    const text = '{"a":{}}';
    expect(insertionPoint(bytesOf(text), last(text, 'a'))).toEqual({ offset: 6, isEmpty: true });
  });

  it('refuses a value that is not an object', () => {
    expect(() => insertionPoint(bytesOf('[]'))).toThrow('unexpected "[" at byte 0');
  });
});

describe('readers of a range', () => {
  it.each([
    ['"plain"', 'plain'],
    ['"日本"', '日本'],
    [String.raw`"a\"\u00e9\n"`, 'a"é\n'],
    ['""', ''],
    ['1', undefined],
    ['null', undefined],
  ])('readString reads %s', (value, expected) => {
    const text = `{"v":${value}}`;
    expect(readString(bytesOf(text), last(text, 'v')!)).toBe(expected);
  });

  it('readString replaces bytes that are not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"v":"a'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(readString(bytes, scanObject(bytes, ['v']).get('v')![0]!)).toBe('a\uFFFD');
  });

  it.each([
    ['true', true],
    ['false', false],
    ['"true"', undefined],
    ['null', undefined],
  ])('readBoolean reads %s', (value, expected) => {
    const text = `{"v":${value}}`;
    expect(readBoolean(bytesOf(text), last(text, 'v')!)).toBe(expected);
  });
});
