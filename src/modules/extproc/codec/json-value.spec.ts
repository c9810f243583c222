import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  arrayOf,
  isJsonArray,
  isJsonObject,
  JsonBoundError,
  kindOf,
  numberOf,
  objectOf,
  parseJson,
  parseJsonLeniently,
  stringOf,
  VALUE_NESTING_MAX,
  VALUES_MAX,
  type JsonValue,
} from './json-value.js';

const nested = (levels: number, inside = '') => '['.repeat(levels) + inside + ']'.repeat(levels);
const nestedObjects = (levels: number, inside: string) => '{"a":'.repeat(levels) + inside + '}'.repeat(levels);
const tooDeep = new SyntaxError('JSON is nested deeper than 500 levels');

/** Numbers as a client may write them. */
const numberText = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.constantFrom('0', '1', '10', '9007199254740993'), fc.bigInt({ min: 1n, max: 10n ** 25n }).map(String)),
    fc.oneof(
      fc.constantFrom('', '.0', '.50', '.1', '.0000001', '.00000010'),
      fc.nat().map((digits) => `.${digits}`),
      fc.stringMatching(/^\.\d{1,20}$/),
    ),
    fc.oneof(
      fc.constant(''),
      fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.nat(400)).map((parts) => parts.join('')),
    ),
  )
  .map((parts) => parts.join(''));

/** JSON texts without insignificant white space, whose keys differ and are in the order in which JavaScript keeps them. */
const jsonText = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    numberText,
    fc.string({ unit: 'binary', maxLength: 8 }).map((text) => JSON.stringify(text)),
    fc.constantFrom('null', 'true', 'false', '"\\ud800"', '"1.0"', '"a, 1.0"', '""'),
    tie('array'),
    tie('object'),
  ),
  array: fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
  object: fc
    .dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor', 'rawJSON', 'toJSON', ''), tie('value'), {
      maxKeys: 4,
    })
    .map(
      (members) =>
        `{${Object.entries(members)
          .map(([key, value]) => `${JSON.stringify(key)}:${value}`)
          .join(',')}}`,
    ),
})).value;

describe('parseJson', () => {
  it.each([
    '9007199254740993',
    '-9007199254740993',
    '123456789012345678901234567890',
    '1.0',
    '0.10',
    '1e3',
    '1E+3',
    '-0',
    '0.0000001',
    '123.456789012345678',
    '1e400',
  ])('G36: keeps the number %s as it is written', (text) => {
    for (const [before, after] of [
      ['', ''],
      ['[', ']'],
      ['[1, ', ',2]'],
      ['{"a":', '}'],
      ['{"a" :\n', '\n}'],
    ]) {
      const value = parseJson(`${before}${text}${after}`);
      expect(JSON.stringify(value)).toContain(text);
    }
    expect(numberOf(parseJson(text))).toBe(Number(text));
  });

  it.each(['0', '1', '-1', '1.5', '9007199254740991', '0.000001', '-0.5'])(
    'reads the number %s as a number',
    (text) => {
      expect(parseJson(text)).toBe(Number(text));
    },
  );

  it('G36: writes any text as it was read', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        expect(JSON.stringify(parseJson(text))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('reads any text as JSON.parse does, but for the form of numbers', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        expect(JSON.parse(JSON.stringify(parseJson(text)))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('takes the last of a doubled key', () => {
    expect(JSON.stringify(parseJson('{"a":1.0,"b":2,"a":3.0}'))).toBe('{"a":3.0,"b":2}');
  });

  it('reads __proto__ as a member like any other', () => {
    for (const number of ['1', '1.0']) {
      const value = parseJson(`{"__proto__":{"model":${number}}}`);
      expect(Object.keys(objectOf(value))).toEqual(['__proto__']);
      expect(objectOf(value)['model']).toBeUndefined();
    }
  });

  it('writes a lone surrogate as an escape', () => {
    expect(JSON.stringify(parseJson('["\\ud800",1.0]'))).toBe('["\\ud800",1.0]');
  });

  it.each([
    ['arrays', (levels: number) => nested(levels)],
    ['objects', (levels: number) => nestedObjects(levels - 1, '[]')],
    ['arrays around an odd number', (levels: number) => nested(levels, '1.0')],
    ['arrays between others', (levels: number) => `[${nested(levels - 1)},{"a":1.0}]`],
  ])('bounds the nesting of %s', (_case, text) => {
    expect(JSON.stringify(parseJson(text(VALUE_NESTING_MAX)))).toBe(text(VALUE_NESTING_MAX));
    expect(() => parseJson(text(VALUE_NESTING_MAX + 1))).toThrow(tooDeep);
    expect(() => parseJson(text(10_000))).toThrow(tooDeep);
    expect(() => parseJson(text(400_000))).toThrow(tooDeep);
  });

  it.each<[string, (count: number) => string]>([
    ['numbers', (count) => `[${'1,'.repeat(count - 2)}1]`],
    ['odd numbers', (count) => `[${'1.0,'.repeat(count - 2)}1.0]`],
    ['members', (count) => `{${'"a":1,'.repeat(count - 2)}"b":1}`],
    ['strings', (count) => `[${'"\\\\",'.repeat(count - 2)}"\\""]`],
  ])('bounds the number of %s', (_case, text) => {
    expect(() => parseJson(text(VALUES_MAX))).not.toThrow();
    expect(() => parseJson(text(VALUES_MAX + 1))).toThrow(new JsonBoundError('JSON holds more than 500000 values'));
  });

  it('counts no values inside texts', () => {
    const text = `[",[{${'\\\\\\",[{'.repeat(VALUES_MAX)}\\\\",1]`;
    expect(arrayOf(parseJson(text))).toHaveLength(2);
  });

  it.each(['', ' ', '{', '{"a":1,}', '1.', '01', '+1', 'NaN', '"\u0001"', '[1] 2', '\uFEFF{}', "{'a':1}", 'undefined'])(
    'refuses %j',
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    },
  );
});

describe('parseJsonLeniently', () => {
  it.each(['', '{', 'x', nested(10_000)])('gives undefined for what is not one JSON value', (text) => {
    expect(parseJsonLeniently(Buffer.from(text))).toBeUndefined();
  });

  it('reads bytes that are not UTF-8 as U+FFFD', () => {
    expect(parseJsonLeniently(Buffer.from([0x22, 0xff, 0x22]))).toBe('\uFFFD');
  });
});

describe('readers of a value', () => {
  const raw = parseJson('1.0');
  it.each<[JsonValue | undefined, string]>([
    [undefined, 'nothing'],
    [null, 'null'],
    [[], 'an array'],
    [{}, 'an object'],
    [raw, 'a number'],
    [1, 'a number'],
    ['', 'a string'],
    [true, 'a boolean'],
  ])('tells the kind of %j', (value, kind) => {
    expect(kindOf(value)).toBe(kind);
    expect(isJsonObject(value)).toBe(kind === 'an object');
    expect(isJsonArray(value)).toBe(kind === 'an array');
    expect(numberOf(value) !== undefined).toBe(kind === 'a number');
    expect(stringOf(value) !== undefined).toBe(kind === 'a string');
    expect(objectOf(value)).toEqual({});
    expect(arrayOf(value)).toEqual([]);
  });

  it('gives members and items', () => {
    expect(objectOf({ a: 1 })).toEqual({ a: 1 });
    expect(arrayOf([1])).toEqual([1]);
  });
});
