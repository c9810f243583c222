import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../shared/errors.js';
import { parseBodyPath } from './body-path.js';

describe('parseBodyPath', () => {
  it.each([
    ['a', [{ key: 'a' }]],
    ['a.b_c-d.é', [{ key: 'a' }, { key: 'b_c-d' }, { key: 'é' }]],
    ['a.0.12', [{ key: 'a' }, { key: '0', index: 0 }, { key: '12', index: 12 }]],
    ['a.-1', [{ key: 'a' }, { key: '-1', index: 'last' }]],
    ['a.-2', [{ key: 'a' }, { key: '-2' }]],
    [String.raw`a\.b`, [{ key: 'a.b' }]],
    [String.raw`\*\?\#\|\@\\`, [{ key: String.raw`*?#|@` + '\\' }]],
    ['a.:0.:b', [{ key: 'a' }, { key: '0' }, { key: 'b' }]],
    [String.raw`\:0`, [{ key: ':0' }]],
    [String.raw`\0`, [{ key: '0' }]],
    ['/a/b.c', [{ key: 'a' }, { key: 'b.c' }]],
    ['/a~1b/m~0n/~01', [{ key: 'a/b' }, { key: 'm~n' }, { key: '~1' }]],
    ['/a/0/-', [{ key: 'a' }, { key: '0', index: 0 }, { key: '-', index: 'last' }]],
    ['/a/01/-1', [{ key: 'a' }, { key: '01' }, { key: '-1' }]],
    ['/', [{ key: '' }]],
    ['/*', [{ key: '*' }]],
  ])('reads %s', (path, expected) => {
    expect(parseBodyPath(path, 'f')).toEqual(expected);
  });

  it.each([
    ['', 'cannot use set[0].path "": a step between dots is empty; write "\\." for a dot inside a key'],
    ['a..b', 'cannot use set[0].path "a..b": a step between dots is empty; write "\\." for a dot inside a key'],
    ['a.', 'cannot use set[0].path "a.": a step between dots is empty; write "\\." for a dot inside a key'],
    [
      'a.*',
      'cannot use set[0].path "a.*": "*" makes it a query, which is not supported; write "\\*" to mean the character',
    ],
    ['a\\', 'cannot use set[0].path "a\\\\": it ends with "\\", which must be followed by a character'],
    ['a.10000', 'cannot use set[0].path "a.10000": array index 10000 is above 9999'],
    ['/a~b', 'cannot use set[0].path "/a~b": in a JSON pointer "~" must be written as "~0" and "/" in a key as "~1"'],
  ])('refuses %j', (path, message) => {
    expect(() => parseBodyPath(path, 'set[0].path')).toThrow(new UserFacingError(message));
  });

  it.each(['?', '#', '|', '@'])('refuses the query character %s', (character) => {
    expect(() => parseBodyPath(`a${character}b`, 'f')).toThrow(`"${character}" makes it a query`);
  });
});
