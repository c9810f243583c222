import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { insertionPoint, scanObject } from './json-scan.js';
import { memberEdits, replaceMember, splice } from './json-splice.js';

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const edit = (start: number, end: number, text: string) => ({ start, end, replacement: bytesOf(text) });

describe('splice', () => {
  it('carries out edits in any order when they do not overlap', () => {
    const edits = [edit(6, 6, '!'), edit(1, 3, 'XYZ'), edit(3, 4, ''), edit(0, 0, '>')];
    expect(textOf(splice(bytesOf('abcdef'), edits))).toBe('>aXYZef!');
  });

  it('gives the same bytes back when there is nothing to do', () => {
    const bytes = bytesOf('abc');
    expect(splice(bytes, [])).toBe(bytes);
  });

  it.each([
    ['they overlap', [edit(0, 2, ''), edit(1, 3, '')], 'cannot splice bytes 1 to 3: expected a range from 2 to 3'],
    ['one ends behind the bytes', [edit(2, 4, '')], 'cannot splice bytes 2 to 4: expected a range from 0 to 3'],
    ['one ends before it starts', [edit(2, 1, '')], 'cannot splice bytes 2 to 1: expected a range from 0 to 3'],
  ])('refuses edits when %s', (_case, edits, message) => {
    expect(() => splice(bytesOf('abc'), edits)).toThrow(new RangeError(message));
  });
});

describe('replaceMember', () => {
  const replaceModel = (text: string) => {
    const bytes = bytesOf(text);
    const ranges = scanObject(bytes, ['model']).get('model');
    return textOf(replaceMember(bytes, { name: 'model', ranges, jsonText: '"new"' }));
  };

  it.each([
    ['{"n":12345678901234567890, "model" : "old" }', '{"n":12345678901234567890, "model" : "new" }'],
    ['{"model":"a","x":1.0,"model":{"b":[]}}', '{"model":"new","x":1.0,"model":"new"}'],
    ['{"x":1}', '{"model":"new","x":1}'],
    [' {}', ' {"model":"new"}'],
  ])('turns %s into %s', (text, expected) => {
    expect(replaceModel(text)).toBe(expected);
  });
});

describe('memberEdits', () => {
  it('sets what an object with these members would hold', () => {
    const names = fc.constantFrom('a', 'b', '"', 'é', '__proto__x');
    fc.assert(
      fc.property(fc.dictionary(names, fc.jsonValue()), fc.dictionary(names, fc.jsonValue()), (object, changes) => {
        const bytes = bytesOf(JSON.stringify(object));
        const found = scanObject(bytes, Object.keys(changes));
        const members = Object.entries(changes).map(([name, value]) => ({
          name,
          ranges: found.get(name),
          jsonText: JSON.stringify(value),
        }));
        const result = JSON.parse(textOf(splice(bytes, memberEdits(insertionPoint(bytes), members)))) as unknown;
        expect(result).toEqual(JSON.parse(JSON.stringify({ ...object, ...changes })));
      }),
    );
  });
});
