import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ModelPatterns } from './model-patterns.js';

const matched = (pattern: string, names: readonly string[]) => new ModelPatterns().namesMatched(pattern, names);
/** Where counting stops, whatever is compared. */
const TOO_MANY = { problem: 'the names and the regular expressions of the route are too many to compare them all' };

describe('ModelPatterns', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['gpt', ['gpt', 'gpt-4', 'a-gpt', 'GPT'], ['gpt']],
    ['gpt-4|gpt-4o', ['gpt-4', 'gpt-4o', 'gpt-4o-mini'], ['gpt-4', 'gpt-4o']],
    ['^claude-.*$', ['claude-3', 'claude', 'my-claude-3'], ['claude-3']],
    ['(?i)Llama-[0-9.]+', ['LLAMA-3.1', 'llama-', 'llama-3'], ['LLAMA-3.1', 'llama-3']],
    ['\\Qa.b\\E', ['a.b', 'axb'], ['a.b']],
    ['(?P<family>o)[1-4](?:-mini)?', ['o1', 'o4-mini', 'o5', 'o1-max'], ['o1', 'o4-mini']],
    ['\\p{Han}+', ['通义', 'tongyi'], ['通义']],
    ['.{3}', ['a通😀', 'ab'], ['a通😀']],
    ['(a+)+b', [`${'a'.repeat(255)}c`, `${'a'.repeat(255)}b`], [`${'a'.repeat(255)}b`]],
    ['', ['a'], []],
  ])('matches whole names with %p', (pattern, names, expected) => {
    expect(matched(pattern, names)).toEqual({ names: expected });
  });

  it.each(['gpt-(?=4)', '(?!gpt)', '(a)\\1', '(', 'a{2000}', '[b-a]'])('refuses %p, as Envoy does', (pattern) => {
    expect(matched(pattern, ['a'])).toEqual({ problem: 'it is no regular expression of RE2' });
  });

  it('says what the platform says about whole names where both know the syntax', () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      '-',
      '.',
      '[ab]',
      '[^a]',
      '(a|b-)',
      'a*',
      'b+',
      '-?',
      '(ab)*',
      'a{2,3}',
      '|',
      '\\b',
    );
    const pattern = fc.array(atom, { minLength: 1, maxLength: 8 }).map((atoms) => atoms.join(''));
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pattern, fc.array(name, { maxLength: 40 }), (text, names) => {
        const whole = new RegExp(`^(?:${text})$`);
        expect(matched(text, names)).toEqual({ names: names.filter((one) => whole.test(one)) });
      }),
      { numRuns: 500 },
    );
  });

  it('compares a thousand names with an expression for each vendor', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `vendor-${index % 10}/model-${index}-instruct`);
    const patterns = new ModelPatterns();
    for (let digit = 0; digit < 10; digit++) {
      expect(patterns.namesMatched(`vendor-${digit}/model-[0-9]+-[a-z]{1,32}`, names)).toEqual({
        names: names.filter((_, index) => index % 10 === digit),
      });
    }
  });

  it.each([
    ['a program that is too large', '(?:[a-z]{1,100}){10}'.repeat(9)],
    ['repetitions in each other', '((((a{10}){10}){10})b{99})'.repeat(8)],
  ])('does not compile %s', (_, pattern) => {
    expect(matched(pattern, ['a'])).toEqual({ problem: 'it is too large' });
  });

  it.each([
    ['many states', '.*a.{50}'],
    ['a large program', '(.?){900}'],
    ['wide ranges without case', `(?i)${'[a-\\x{10FFFF}]'.repeat(4)}`],
  ])('stops at a bound for the whole route with %s', (_, pattern) => {
    const names = Array.from({ length: 16 }, (_each, index) => `${'ab'.repeat(index)}${'b'.repeat(200)}`);
    const patterns = new ModelPatterns();
    const results = Array.from({ length: 100 }, () => patterns.namesMatched(pattern, names));
    expect(results.at(-1)).toEqual(TOO_MANY);
    expect(patterns.namesMatched('a', ['a'])).toEqual({ names: ['a'] });
    expect(matched(pattern, names.slice(0, 1))).toHaveProperty('names');
  });

  it('costs nothing when there are no names', () => {
    expect(matched('(', [])).toEqual({ names: [] });
  });
});
