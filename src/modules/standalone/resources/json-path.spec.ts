import { describe, it, expect } from '@jest/globals';
import * as fc from 'fast-check';
import { formatPath, parsePath } from './json-path.js';

describe('paths', () => {
  it.each([
    [[], ''],
    [['spec', 'rules', 0, 'backendRefs', 12, 'name'], 'spec.rules[0].backendRefs[12].name'],
    [['metadata', 'annotations', 'a.b/c"d'], 'metadata.annotations["a.b/c\\"d"]'],
    [['data', 'tls-key'], 'data.tls-key'],
    [['data', '1'], 'data["1"]'],
  ])('formats %j', (path, text) => {
    expect(formatPath(path)).toBe(text);
  });

  it('parses what it formats', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.nat())), (path) => {
        expect(parsePath(formatPath(path))).toEqual(path);
      }),
    );
  });

  it.each([
    ['spec.rules[x].name', ['spec', 'rules']],
    ['$$$ no path', ['$$$']],
    ['spec..a', ['spec']],
  ])('gives the segments before the wrong one when the text is %j', (text, path) => {
    expect(parsePath(text)).toEqual(path);
  });
});
