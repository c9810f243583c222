import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { JsonProgress } from './json-progress.js';

const isWhole = (...pieces: readonly string[]) => {
  const progress = new JsonProgress();
  for (const piece of pieces) progress.push(piece);
  return progress.isWhole;
};

describe('JsonProgress', () => {
  it.each([
    ['', false],
    [' ', false],
    ['{', false],
    ['{"a":"}', false],
    ['{"a":"\\"}', false],
    ['{"a":{}', false],
    ['{"a":[{}]', false],
    ['}', false],
    ['{}', true],
    [' {"a":"{"} ', true],
    ['{"a":"\\\\"}', true],
    ['}{}', true],
  ])('takes %j for whole: %p', (text, expected) => {
    expect(isWhole(text)).toBe(expected);
    expect(isWhole(...text.split(''))).toBe(expected);
  });

  it('is whole at the last character of an object and not before', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        expect(isWhole(text)).toBe(true);
        expect(isWhole(text.slice(0, -1))).toBe(false);
        expect(isWhole(...text.split(''))).toBe(true);
      }),
    );
  });
});
