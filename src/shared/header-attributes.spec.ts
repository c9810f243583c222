import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { UserFacingError } from './errors.js';
import { mergeHeaderAttributes, parseHeaderAttributes } from './header-attributes.js';

describe('parseHeaderAttributes', () => {
  it.each([
    ['', []],
    ['  ', []],
    ['x-tenant:tenant.id', [['x-tenant', 'tenant.id']]],
    [
      ' x-tenant : tenant.id , x-user:user.id ',
      [
        ['x-tenant', 'tenant.id'],
        ['x-user', 'user.id'],
      ],
    ],
    ['x-a:urn:b:c', [['x-a', 'urn:b:c']]],
    ['X-Tenant:Tenant.Id', [['x-tenant', 'Tenant.Id']]],
    ['x-a:first,X-A:second', [['x-a', 'second']]],
  ])('reads %j', (text, expected) => {
    expect([...parseHeaderAttributes(text)]).toEqual(expected);
  });

  it.each([
    ['a:b,', 'pair 2: it is empty; remove the extra comma'],
    [',a:b', 'pair 1: it is empty; remove the extra comma'],
    ['a:b,c', 'pair 2: "c" has no colon; expected header:attribute'],
    [':b', 'pair 1: ":b" has no header name; expected header:attribute'],
    ['a:b, c: ', 'pair 2: "c:" has no attribute name; expected header:attribute'],
  ])('rejects %j', (text, message) => {
    expect(() => parseHeaderAttributes(text)).toThrow(new UserFacingError(message));
  });

  it('reads back any mapping that is written as pairs', () => {
    const header = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
    const attribute = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9._:-]{0,10}$/);
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(header, attribute), { selector: ([name]) => name }), (pairs) => {
        const text = pairs.map((pair) => pair.join(':')).join(',');
        expect([...parseHeaderAttributes(text)]).toEqual(pairs);
      }),
    );
  });
});

describe('mergeHeaderAttributes', () => {
  it('lets the specific mapping win per header', () => {
    const merged = mergeHeaderAttributes(parseHeaderAttributes('a:base,b:base'), parseHeaderAttributes('b:own,c:own'));
    expect([...merged]).toEqual([
      ['a', 'base'],
      ['b', 'own'],
      ['c', 'own'],
    ]);
  });
});
