import { describe, expect, it } from '@jest/globals';
import { matchFact, parseRefsText, refsText, routesFingerprint, type RouteFacts } from './generated-http-route.js';

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
  const matches = [matchFact(0, 'm'), matchFact(1, undefined)];
  const route: RouteFacts = { namespace: 'ns', name: 'a', refs: '0:x:0', xdsInputs: '', matches };
  const other = { ...route, name: 'b' };

  it('does not go by the order', () => {
    const turned = { ...route, matches: matches.toReversed() };
    expect(routesFingerprint([route, other])).toBe(routesFingerprint([other, turned]));
  });

  it.each([
    ['namespace', { ...route, namespace: 'other' }],
    ['name', other],
    ['backendRefs', { ...route, refs: '0:y:0' }],
    ['inputs', { ...route, xdsInputs: 'hash' }],
    ['number of matches', { ...route, matches: [...matches, matchFact(1, undefined)] }],
    ['model', { ...route, matches: [matchFact(0, 'n'), matchFact(1, undefined)] }],
    ['rule of a model', { ...route, matches: [matchFact(0, undefined), matchFact(1, 'm')] }],
  ])('tells another %s', (_, changed) => {
    expect(routesFingerprint([changed])).not.toBe(routesFingerprint([route]));
    expect(routesFingerprint([route])).toMatch(/^[0-9a-f]{16}$/);
  });
});
