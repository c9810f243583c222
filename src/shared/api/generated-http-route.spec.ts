import { describe, expect, it } from '@jest/globals';
import { parseRefsText, refsText, routesFingerprint, type RouteFacts } from './generated-http-route.js';

describe('refsText', () => {
  it('is read as it was written', () => {
    const rules = [
      [0, [{ name: 'a', priority: 0 }]],
      [
        3,
        [
          { name: 'b.c', priority: 1 },
          { name: 'a', priority: 0 },
        ],
      ],
    ] as const;
    expect(refsText(rules)).toBe('0:a:0,3:b.c:1,3:a:0');
    expect([...(parseRefsText(refsText(rules)) ?? [])]).toEqual(rules);
  });

  it('of no rules is one without rules', () => {
    expect(parseRefsText(refsText([]))).toEqual(new Map());
  });

  it.each(['x', '0:a', '0:a:0,', '0::0', '-1:a:0', '0:a:x', '0:a:0:0', '1234567:a:0'])('is not %j', (text) => {
    expect(parseRefsText(text)).toBeUndefined();
  });
});

describe('routesFingerprint', () => {
  const route: RouteFacts = { namespace: 'ns', name: 'a', refs: '0:x:0', xdsInputs: '', matchCount: 2 };
  const other = { ...route, name: 'b' };

  it('does not go by the order', () => {
    expect(routesFingerprint([route, other])).toBe(routesFingerprint([other, route]));
  });

  it.each([
    ['namespace', { ...route, namespace: 'other' }],
    ['name', other],
    ['backendRefs', { ...route, refs: '0:y:0' }],
    ['inputs', { ...route, xdsInputs: 'hash' }],
    ['matches', { ...route, matchCount: 3 }],
  ])('tells another %s', (_, changed) => {
    expect(routesFingerprint([changed])).not.toBe(routesFingerprint([route]));
    expect(routesFingerprint([route])).toMatch(/^[0-9a-f]{16}$/);
  });
});
