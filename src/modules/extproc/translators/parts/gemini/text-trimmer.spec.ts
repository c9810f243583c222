import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { TextTrimmer, type TextTrimming } from './text-trimmer.js';

const trimmed = (trimming: TextTrimming, pieces: readonly string[]) => {
  const trimmer = new TextTrimmer(trimming);
  return pieces.map((piece) => trimmer.push(piece)).join('');
};
const pieces = fc.array(fc.string({ unit: fc.constantFrom('"', ' ', '\n', 'a'), maxLength: 3 }), { maxLength: 8 });

describe('TextTrimmer', () => {
  it('G15: takes one quotation mark off each end of the whole text, however it is cut', () => {
    fc.assert(
      fc.property(pieces, (cut) => {
        const whole = cut.join('').replace(/^"/, '').replace(/"$/, '');
        expect(trimmed('quotes', cut)).toBe(whole);
      }),
    );
  });

  it('G15: takes white space off the ends of the whole text, however it is cut', () => {
    fc.assert(fc.property(pieces, (cut) => expect(trimmed('white-space', cut)).toBe(cut.join('').trim())));
  });

  it('holds white space back in linear time', () => {
    const cut = ['a', ...Array.from({ length: 64_000 }, () => ' '), 'b'];
    const start = performance.now();
    expect(trimmed('white-space', cut)).toHaveLength(64_002);
    // Some 10 ms; a second when all that is held back is looked at again for each piece.
    expect(performance.now() - start).toBeLessThan(300);
  });

  it('leaves other texts alone', () => {
    expect(trimmed('none', [' "', '" '])).toBe(' "" ');
  });

  it('lets white space go that is too long to be held back', () => {
    const long = ' '.repeat(70_000);
    expect(trimmed('white-space', ['a', long])).toBe(`a${long}`);
  });
});
