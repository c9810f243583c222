import { describe, expect, it } from '@jest/globals';
import { array, assert, integer, property, string } from 'fast-check';
import { JsonLines } from './json-lines.js';

const split = (chunks: readonly Buffer[], max = 1_000) => {
  const lines = new JsonLines(max);
  return chunks.flatMap((chunk) => [...lines.push(chunk)]);
};

describe('JsonLines', () => {
  it('gives the same lines however the bytes are cut', () => {
    const line = string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.includes('\n'));
    assert(
      property(array(line), array(integer({ min: 0, max: 200 })), (texts, cuts) => {
        const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
        const at = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        expect(split(chunks)).toEqual(texts);
      }),
    );
  });

  it('keeps back a line that has not ended', () => {
    expect(split([Buffer.from('{"a":1}\n{"b"')])).toEqual(['{"a":1}']);
  });

  it('refuses a line beyond the bound', () => {
    expect(() => split([Buffer.alloc(8, 'x'), Buffer.alloc(8, 'x')], 10)).toThrow('a line is longer than 10 bytes');
  });
});
