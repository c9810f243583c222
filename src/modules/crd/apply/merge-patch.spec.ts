import { describe, expect, it } from '@jest/globals';
import { changesAnything } from './merge-patch.js';

describe('changesAnything', () => {
  it.each([
    [{ a: 1 }, { a: 1 }, false],
    [{ a: 1 }, { a: 2 }, true],
    [{ a: 1 }, { b: null }, false],
    [{ a: 1 }, { a: null }, true],
    [{ a: { b: 1, c: 2 } }, { a: { b: 1 } }, false],
    [{ a: { b: 1 } }, { a: { c: 1 } }, true],
    [{}, { a: {} }, true],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, false],
    [{ a: [1, 2] }, { a: [2, 1] }, true],
    [{ a: [1] }, { a: [1, 2] }, true],
    [{ a: 'x' }, { a: { b: 1 } }, true],
    [{ a: [{ b: 1 }] }, { a: [{ b: 1, c: 2 }] }, true],
    [{ metadata: { resourceVersion: '1' } }, { metadata: { resourceVersion: '2' } }, false],
    [{ a: 1 }, { a: undefined }, false],
  ])('of %j by %j is %s', (value, patch, expected) => {
    expect(changesAnything(value, patch)).toBe(expected);
  });
});
