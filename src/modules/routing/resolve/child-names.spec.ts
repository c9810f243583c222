import { describe, expect, it } from '@jest/globals';
import { childNames } from './child-names.js';

describe('childNames', () => {
  it('keeps a name when it fits', () => {
    expect(childNames.notFoundFilter('a'.repeat(222))).toBe(`ai-eg-route-not-found-response-${'a'.repeat(222)}`);
    expect(childNames.httpRoute('llm')).toBe('llm');
    expect(childNames.hostRewriteFilter('llm')).toBe('ai-eg-host-rewrite-llm');
  });

  it('cuts a name and keeps two of them apart when it is too long', () => {
    const one = childNames.notFoundFilter(`${'a'.repeat(230)}1`);
    const two = childNames.notFoundFilter(`${'a'.repeat(230)}2`);
    expect(one).toHaveLength(253);
    expect(one).toMatch(/^ai-eg-route-not-found-response-a+-[0-9a-f]{12}$/);
    expect(one).not.toBe(two);
  });

  it('ends on a letter before the hash when the cut falls on a dot', () => {
    const prefixLength = 'ai-eg-host-rewrite-'.length;
    const name = `${'a'.repeat(239 - prefixLength)}.${'b'.repeat(100)}`;
    expect(childNames.hostRewriteFilter(name)).toMatch(/a-[0-9a-f]{12}$/);
  });
});
