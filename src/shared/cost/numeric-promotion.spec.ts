import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { TokenUsage } from '../token-usage.js';
import type { CostArithmetic } from './cost-arithmetic.js';
import { compileCostExpression } from './cost-expression.js';
import type { CostFacts } from './cost-variables.js';

const factsOf = (usage: TokenUsage): CostFacts => ({
  model: 'gpt-4o',
  backend: 'default/openai/route/chat/rule/0/ref/0',
  backendShortName: 'default/openai',
  backendNamespace: undefined,
  routeName: 'default/chat',
  schema: 'OpenAI',
  responseModel: 'gpt-4o-0613',
  requestHeaders: { toMap: () => new Map([['x-weight', '3']]) },
  usage,
});
const USAGE: TokenUsage = { inputTokens: 101, outputTokens: 20, totalTokens: 121 };
const compile = (text: string) => compileCostExpression(text, 'promote');
const evaluate = (text: string, usage = USAGE) => compile(text).evaluate(factsOf(usage));

describe('promotion of numbers', () => {
  it.each([
    ['input_tokens * 2', 202n],
    ['2 * input_tokens', 202n],
    ['input_tokens * 0.5 + output_tokens * 1.5', 81n],
    ['total_tokens - 100 > 0 ? total_tokens - 100 : 0', 21n],
    ['output_tokens - 100 > 0 ? output_tokens - 100 : 0', 0n],
    ['100 - output_tokens', 80n],
    ['input_tokens / 2', 50n],
    ['(output_tokens - 27) / 2 + 100', 97n],
    ['1000 / output_tokens', 50n],
    ['input_tokens / 2.0', 51n],
    ['1.0 / output_tokens', 1n],
    ['input_tokens % 7', 3n],
    ['(output_tokens - 27) % 4 + 10', 7n],
    ['107 % output_tokens', 7n],
    ['5 + 0.5', 6n],
    ['5 * 1.5 - 2', 6n],
    ['int(input_tokens) * 2u', 202n],
    ["(model == 'gpt-4o' ? {'gpt-4o': 2, 'o1': 3u}[model] : 1) * input_tokens", 202n],
    ["int(request_headers['x-weight']) * input_tokens", 303n],
    ['[1, 2, 3].map(x, x * input_tokens)[2]', 303n],
    ['9223372036854775807u + 0 - 1u', 9223372036854775806n],
    ['18446744073709551615u - 9223372036854775808u - 1', 9223372036854775806n],
  ])('gives %s a value', (text, expected) => {
    expect(evaluate(text)).toBe(expected);
    // Strict arithmetic knows none of these: they fail here when promotion is not what gives them a value.
    expect(() => compileCostExpression(text).evaluate(factsOf(USAGE))).toThrow(/found no matching overload/);
  });

  it.each([
    ['an operand beyond int64', '18446744073709551615u + 1', 'int overflow during _+_'],
    ['a product beyond int64', '9223372036854775807u * 2', 'int overflow during _*_'],
    ['a difference below int64', '-9223372036854775807 - 2u', 'int overflow during _-_'],
    ['a quotient beyond int64', '18446744073709551615u / 1', 'int overflow during _/_'],
    ['division by zero', '1 / 0u', 'int divide by zero'],
    ['modulus by zero', '1u % 0', 'int modulus by zero'],
    ['division of a double by zero', '1.0 / 0u', 'the result is Infinity'],
    ['a negative result', 'output_tokens - 100', 'the result -80 is outside 0 to 2^64-1'],
  ])('refuses %s', (_, text, reason) => {
    expect(() => compile(`output_tokens > 1 ? ${text} : 0`).evaluate(factsOf(USAGE))).toThrow(
      expect.objectContaining({ name: 'UserFacingError', message: reason }),
    );
  });

  it('leaves what is no mix of numbers as it is', () => {
    expect(() => compile('input_tokens - output_tokens').evaluate(factsOf({ outputTokens: 1 }))).toThrow(
      'uint overflow during _-_',
    );
    for (const [text, reason] of [
      ['model * 2', "'_*_' applied to '(string, int)'"],
      ['input_tokens + "1"', "'_+_' applied to '(uint, string)'"],
      ['-input_tokens', "'-_' applied to '(uint)'"],
      ['input_tokens % 2.5', "'_%_' applied to '(uint, double)'; % takes whole numbers only"],
      ['5.0 % 2.5', "'_%_' applied to '(double, double)'"],
    ] as const) {
      expect(() => compile(text)).toThrow(`found no matching overload for ${reason}`);
    }
  });

  it('computes whole numbers exactly', () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.maxSafeNat(),
        fc.constantFrom('+', '-', '*', '/', '%'),
        (left, right, operator) => {
          const text = `input_tokens ${operator} int(output_tokens)`;
          const outcome = outcomeOf(text, 'promote', { inputTokens: left, outputTokens: right });
          expect(outcome).toBe(expectedOf(BigInt(left), operator, BigInt(right)));
        },
      ),
    );
  });

  it('changes no value and no error of what strict arithmetic accepts', () => {
    let compared = 0;
    const compare = (text: string, counters: TokenUsage) => {
      const strict = outcomeOf(text, 'strict', counters);
      if (typeof strict === 'string' && strict.startsWith('cannot use the cost expression')) return;
      compared += 1;
      expect(outcomeOf(text, 'promote', counters)).toBe(strict);
    };
    fc.assert(fc.property(expressions('of one type'), usage, compare), { numRuns: 150 });
    expect(compared).toBeGreaterThan(80);
  });

  it('changes no value where strict arithmetic learns of types too late to refuse them', () => {
    let compared = 0;
    let mended = 0;
    const compare = (text: string, counters: TokenUsage) => {
      const strict = outcomeOf(text, 'strict', counters);
      const promoted = outcomeOf(text, 'promote', counters);
      if (typeof strict === 'bigint') compared += 1;
      else if (typeof promoted === 'bigint') mended += 1;
      // An error may be mended; a value never changes.
      expect(promoted).toBe(typeof strict === 'bigint' ? strict : promoted);
    };
    fc.assert(fc.property(expressions('of any type'), usage, compare), { numRuns: 300 });
    expect(compared).toBeGreaterThan(20);
    expect(mended).toBeGreaterThan(0);
  });
});

function expectedOf(left: bigint, operator: '+' | '-' | '*' | '/' | '%', right: bigint): bigint | string {
  if (right === 0n && operator === '/') return 'int divide by zero';
  if (right === 0n && operator === '%') return 'int modulus by zero';
  const exact = {
    '+': () => left + right,
    '-': () => left - right,
    '*': () => left * right,
    '/': () => left / right,
    '%': () => left % right,
  }[operator]();
  if (exact < 0n) return `the result ${exact} is outside 0 to 2^64-1`;
  return exact < 2n ** 63n ? exact : `int overflow during _${operator}_`;
}

function outcomeOf(text: string, arithmetic: CostArithmetic, counters: TokenUsage): bigint | string {
  try {
    return compileCostExpression(text, arithmetic).evaluate(factsOf(counters));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const usage = fc.record({
  inputTokens: fc.oneof(fc.nat(3), fc.maxSafeNat()),
  outputTokens: fc.nat(1000),
  totalTokens: fc.maxSafeNat(),
});

/** `elements`: what lists, maps and `dyn` hold, whose types the check before evaluation does not see. */
function expressions(elements: 'of one type' | 'of any type'): fc.Arbitrary<string> {
  return fc.letrec<Record<'expression' | 'int' | 'uint' | 'double' | 'any' | 'bool', string>>((tie) => {
    const number = (self: 'int' | 'uint' | 'double', operators: string, leaf: fc.Arbitrary<string>) => {
      const element = elements === 'of one type' ? tie(self) : tie('any');
      return fc.oneof(
        { maxDepth: 3 },
        leaf,
        { weight: 4, arbitrary: joined(tie(self), fc.constantFrom(...operators.split(' ')), tie(self)) },
        fc.tuple(tie('bool'), tie(self), tie(self)).map(([condition, l, r]) => `(${condition} ? ${l} : ${r})`),
        tie('any').map((part) => `${self}(${part})`),
        element.map((part) => `dyn(${part})`),
        fc.tuple(element, element).map(([l, r]) => `{'a': ${l}, 'b': ${r}}[input_tokens > 1 ? 'a' : 'b']`),
        fc.tuple(element, element).map(([l, r]) => `[${l}].map(x, x + ${r})[0]`),
      );
    };
    const element = elements === 'of one type' ? tie('uint') : tie('any');
    return {
      int: number('int', '+ - * / %', fc.oneof(fc.integer().map(String), fc.constant('9223372036854775807'))),
      uint: number(
        'uint',
        '+ - * / %',
        fc.oneof(
          fc.nat().map((n) => `${n}u`),
          fc.constantFrom('input_tokens', 'output_tokens', '18446744073709551615u'),
        ),
      ),
      double: number('double', '+ - * /', fc.constantFrom('0.0', '0.1', '1.5', '1e3', '-2.5', '1e300')),
      any: fc.oneof(tie('int'), tie('uint'), tie('double')),
      bool: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom('true', "model == 'o1'"),
        joined(tie('any'), fc.constantFrom('<', '<=', '==', '!=', '>='), tie('any')),
        joined(tie('bool'), fc.constantFrom('&&', '||'), tie('bool')),
        element.map((part) => `[1u, 2u].exists(x, x * ${part} > 2u)`),
      ),
      // The dry runs of both sides pass, so that errors are compared too.
      expression: tie('any').map((part) => `(model == 'dummy' ? 0u : ${part})`),
    };
  }).expression;
}

const joined = (left: fc.Arbitrary<string>, operator: fc.Arbitrary<string>, right: fc.Arbitrary<string>) =>
  fc.tuple(left, operator, right).map((parts) => `(${parts.join(' ')})`);
