import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { RuleNode } from '../resolve/route-graph.js';
import { splitIntoParts } from './route-parts.js';

const rule = (index: number, matchCount: number): RuleNode => ({
  index,
  rule: {},
  matches: Array.from({ length: matchCount }, (_, match) => ({ headers: [{ name: 'm', value: `${index}/${match}` }] })),
  refs: [],
});

describe('splitIntoParts', () => {
  it('gives one part when there is no rule', () => {
    expect(splitIntoParts([])).toEqual([{ ruleOffset: 0, rules: [] }]);
  });

  it('keeps every match once and in order, within the limits of an HTTPRoute, at the index that the offset tells', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 200 }), { maxLength: 40 }), (counts) => {
        const rules = counts.map((count, index) => rule(index, count));
        const parts = splitIntoParts(rules);
        expect(parts.flatMap((part) => part.rules.flatMap(({ matches }) => matches))).toEqual(
          rules.flatMap(({ matches }) => matches),
        );
        const held = parts.flatMap((part) => part.rules.map(({ node }) => node.index));
        expect([...new Set(held)]).toEqual(rules.map(({ index }) => index));
        for (const part of parts) {
          expect(part.rules.map(({ node }) => node.index)).toEqual(
            part.rules.map((_, index) => part.ruleOffset + index),
          );
          expect(part.rules.length).toBeLessThanOrEqual(15);
          expect(part.rules.every(({ matches }) => matches.length <= 64)).toBe(true);
          const total = part.rules.reduce((sum, { matches }) => sum + Math.max(matches.length, 1), 0);
          expect(total).toBeLessThanOrEqual(127);
        }
      }),
    );
  });
});
