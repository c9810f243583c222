import { describe, it, expect } from '@jest/globals';
import { listNames, suggest } from './suggest.js';

describe('suggest', () => {
  const names = ['parentRefs', 'hostnames', 'rules', 'llmRequestCosts'];

  it.each([
    ['parentRef', 'parentRefs'],
    ['parentrefs', 'parentRefs'],
    ['hostname', 'hostnames'],
    ['rule', 'rules'],
    ['llmRequestCost', 'llmRequestCosts'],
    ['timeouts', undefined],
    ['', undefined],
    ['x'.repeat(1_000_000), undefined],
  ])('takes %.20s for what is near', (found, expected) => {
    expect(suggest(found, names)).toBe(expected);
  });

  it('lists at most twelve names', () => {
    expect(listNames(['a', 'b'])).toBe('"a", "b"');
    expect(listNames('abcdefghijklmn'.split(''))).toBe(
      '"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l" and 2 more',
    );
  });
});
