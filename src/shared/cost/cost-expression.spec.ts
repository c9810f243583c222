import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { COST_EXPRESSION_CHARS_MAX, compileCostExpression } from './cost-expression.js';
import type { CostFacts } from './cost-variables.js';

const facts: CostFacts = {
  model: 'gpt-4o',
  backend: 'default/openai/route/chat/rule/0/ref/0',
  backendShortName: 'default/openai',
  backendNamespace: undefined,
  routeName: 'default/chat',
  schema: 'OpenAI',
  responseModel: 'gpt-4o-0613',
  usage: {
    inputTokens: 100,
    cachedInputTokens: 40,
    cacheCreationInputTokens: 5,
    outputTokens: 20,
    totalTokens: 120,
    reasoningTokens: 7,
  },
  requestHeaders: { toMap: () => new Map([['x-tier', 'gold']]) },
};
const evaluate = (text: string, usage = facts.usage) => compileCostExpression(text).evaluate({ ...facts, usage });

describe('compileCostExpression', () => {
  it.each([
    ['1', 1n],
    ['total_tokens', 120n],
    ['input_tokens + cached_input_tokens + cache_creation_input_tokens + output_tokens + reasoning_tokens', 172n],
    ['input_tokens + 2u * output_tokens', 140n],
    ['int(input_tokens) * 2', 200n],
    ['(input_tokens - cached_input_tokens) + cached_input_tokens / 10u', 64n],
    ["model == 'gpt-4o' ? input_tokens * 3u : input_tokens", 300n],
    ["backend == 'default/openai/route/chat/rule/0/ref/0' ? 1 : 2", 1n],
    ["backend_namespace + '/' + backend_name == 'default/openai' && route_name == 'default/chat' ? 1 : 2", 1n],
    ["request_headers['x-tier'] == 'gold' ? 2u * input_tokens : input_tokens", 200n],
    ["schema == 'OpenAI' && response_model.startsWith('gpt-4o-') ? 1 : 2", 1n],
    ["['claude', 'gpt'].exists(p, model.startsWith(p)) ? 1u : 0u", 1n],
    ["(model in {'gpt-4o': 3u} ? {'gpt-4o': 3u}[model] : 1u) * input_tokens", 300n],
    ["model == 'free' ? 0 : input_tokens", 100n],
    ['input_tokens > 10 ? 1 : 0', 1n],
    ['input_tokens == 100 ? 1 : 0', 1n],
  ])('evaluates %s', (text, expected) => {
    expect(evaluate(text)).toBe(expected);
  });

  it.each([
    ['double(input_tokens) * 0.5', 100, 50n],
    ['double(input_tokens) * 0.5', 101, 51n],
    ['double(input_tokens) * 0.1', 30, 3n],
    ['double(input_tokens) * 0.1', 31, 4n],
    ['double(input_tokens) * 1e-9', 1, 1n],
    ['double(input_tokens)', 0, 0n],
  ])('rounds a double up: %s of %i', (text, inputTokens, expected) => {
    expect(evaluate(text, { inputTokens })).toBe(expected);
  });

  it('reads counters that were not reported, or make no sense, as 0', () => {
    expect(evaluate('total_tokens + 1u', {})).toBe(1n);
    expect(evaluate('total_tokens + 1u', { totalTokens: -5 })).toBe(1n);
    expect(evaluate('total_tokens + 1u', { totalTokens: Number.NaN })).toBe(1n);
    expect(evaluate('total_tokens', { totalTokens: 2.9 })).toBe(2n);
  });

  it('computes with 64-bit integers exactly', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (inputTokens, outputTokens) => {
        expect(evaluate('input_tokens * 3u + output_tokens', { inputTokens, outputTokens })).toBe(
          BigInt(inputTokens) * 3n + BigInt(outputTokens),
        );
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['a division that fails only with zeros', 'total_tokens / input_tokens', { totalTokens: 120, inputTokens: 60 }, 2n],
    ['a subtraction that fails only with zeros', 'input_tokens - 1u', { inputTokens: 3 }, 2n],
    ['a subtraction that fails only with ones', '0u - input_tokens', { inputTokens: 0 }, 0n],
  ])('accepts %s', (_, text, usage, expected) => {
    expect(evaluate(text, usage)).toBe(expected);
  });

  it.each([
    ['', 'it is empty'],
    ['1 +', 'syntax error: at 1:3: found + but expecting end of input'],
    [
      'input_tokens * 2',
      "at character 13: found no matching overload for '_*_' applied to '(uint, int)'; write literals for token counters as 2u or convert with int(), uint() or double(), or let numbers be promoted by annotation aigateway.envoyproxy.io/cost-arithmetic: promote",
    ],
    [
      'input_tokens * 0.5',
      "at character 13: found no matching overload for '_*_' applied to '(uint, double)'; write literals for token counters as 2u or convert with int(), uint() or double(), or let numbers be promoted by annotation aigateway.envoyproxy.io/cost-arithmetic: promote",
    ],
    [
      "model == 'other' ? input_tokens * 2 : 1u",
      "at character 32: found no matching overload for '_*_' applied to '(uint, int)'; write literals for token counters as 2u or convert with int(), uint() or double(), or let numbers be promoted by annotation aigateway.envoyproxy.io/cost-arithmetic: promote",
    ],
    [
      'nope + 1',
      "at character 1: undeclared reference to 'nope'; known are model, backend, route_name, input_tokens, cached_input_tokens, cache_creation_input_tokens, output_tokens, total_tokens, reasoning_tokens, backend_name, backend_namespace, schema, response_model, search_units, request_headers",
    ],
    [
      'input_tokens % 2.0',
      "at character 13: found no matching overload for '_%_' applied to '(uint, double)'; % takes whole numbers only: convert with int() or uint()",
    ],
    ['price(model)', "at character 1: undeclared reference to 'price'"],
    ['input_tokens.count', "at character 13: type 'uint' has no field 'count'"],
    [
      "input_tokens == 'a' ? 1 : 2",
      "at character 13: found no matching overload for '_==_' applied to '(uint, string)'",
    ],
    ["true ? 1 : 'a'", "at character 1: found no matching overload for '_?_:_' applied to '(bool, int, string)'"],
    ['input_tokens && true ? 1 : 2', "at character 1: found no matching overload for '_&&_' applied to '(uint, bool)'"],
    ['-input_tokens', "at character 1: found no matching overload for '-_' applied to '(uint)'"],
    ['model[0]', "at character 6: found no matching overload for '_[_]' applied to '(string, int)'"],
    ['google.protobuf.Timestamp{}', "at character 1: unknown type 'google.protobuf.Timestamp'"],
    ['model', 'the result is of type string; expected int, uint or double'],
    ['total_tokens > 5u', 'the result is of type bool; expected int, uint or double'],
    ['[1]', 'the result is of type list; expected int, uint or double'],
    [
      '-1',
      'it fails with all counters 0 (the result -1 is outside 0 to 2^64-1) and with all counters 1 (the result -1 is outside 0 to 2^64-1)',
    ],
    [
      '1u - 2u',
      'it fails with all counters 0 (uint overflow during _-_) and with all counters 1 (uint overflow during _-_)',
    ],
    ['1 / 0', 'it fails with all counters 0 (int divide by zero) and with all counters 1 (int divide by zero)'],
    [
      '1.0 / 0.0',
      'it fails with all counters 0 (the result is Infinity) and with all counters 1 (the result is Infinity)',
    ],
    [
      'dyn(model)',
      'it fails with all counters 0 (the result is not a number) and with all counters 1 (the result is not a number)',
    ],
    [
      '[1].map(x, [2].map(y, x)) == [] ? 1 : 2',
      'at character 15: all, exists, exists_one, map and filter must not be nested',
    ],
  ])('refuses %s', (text, reason) => {
    expect(() => compileCostExpression(text)).toThrow(
      expect.objectContaining({
        name: 'UserFacingError',
        message: `cannot use the cost expression ${JSON.stringify(text)}: ${reason}`,
      }),
    );
  });

  it('refuses expressions that are too long, too deep or too expensive', () => {
    expect(() => compileCostExpression(' '.repeat(COST_EXPRESSION_CHARS_MAX) + '1')).toThrow(
      'it has 16385 characters, at most 16384 are allowed',
    );
    expect(() => compileCostExpression(`${'('.repeat(8000)}1${')'.repeat(8000)}`)).toThrow('it is nested too deeply');
    const list = `[${'1,'.repeat(1000)}1]`;
    expect(() => compileCostExpression(`${list}.exists(x, ${'x+'.repeat(100)}x == 1) ? 1 : 0`)).toThrow(
      'the expression is too expensive; shorten its lists',
    );
  });
});

describe('a compiled cost expression', () => {
  it('says why it fails for the facts at hand', () => {
    const expression = compileCostExpression('total_tokens / input_tokens');
    expect(() => expression.evaluate({ ...facts, usage: { totalTokens: 5 } })).toThrow(
      expect.objectContaining({ name: 'UserFacingError', message: 'uint divide by zero' }),
    );
  });

  it('works after a failure', () => {
    const expression = compileCostExpression("model == 'bad' ? input_tokens / 0u : input_tokens");
    expect(() => expression.evaluate({ ...facts, model: 'bad' })).toThrow('uint divide by zero');
    expect(expression.evaluate(facts)).toBe(100n);
  });
});
