import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { editedBody } from './raw-edits.js';

const edited = (text: string) =>
  Buffer.from(editedBody(Buffer.from(text), ['model', 'stream'], { v: '"new"' })).toString();

describe('editedBody', () => {
  it.each([
    ['{"model":"m","stream":true,"x":1.0}', '{"v":"new","x":1.0}'],
    ['{"x":1e3, "model" : {"a":[1,"}"]} ,"y":2, "stream":null }', '{"v":"new","x":1e3, "y":2 }'],
    ['{"model":"a","v":1,"model":"b"}', '{"v":"new"}'],
    ['{"v":1,"n":12345678901234567890,"v":2}', '{"v":"new","n":12345678901234567890,"v":"new"}'],
    ['{"model":"m"}', '{"v":"new"}'],
    [' {} ', ' {"v":"new"} '],
  ])('turns %s into %s', (text, expected) => {
    expect(edited(text)).toBe(expected);
  });

  it('holds what an object with these edits would hold', () => {
    const names = fc.constantFrom('model', 'stream', 'v', 'x', '__proto__x', '"');
    fc.assert(
      fc.property(fc.dictionary(names, fc.jsonValue()), fc.nat(2), (object, space) => {
        const { model: _, stream: __, ...rest } = object;
        expect(JSON.parse(edited(JSON.stringify(object, undefined, space)))).toEqual(
          JSON.parse(JSON.stringify({ ...rest, v: 'new' })),
        );
      }),
    );
  });
});
