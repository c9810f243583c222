import { describe, expect, it } from '@jest/globals';
import type { CostFacts } from '../../../shared/cost/cost-variables.js';
import type { CostConfig, RouteCostConfig } from '../../../shared/filter-config/filter-config.js';
import { evaluateCosts } from './evaluate-costs.js';
import { compileCosts } from './runtime-costs.js';

const facts: CostFacts = {
  model: 'gpt-4o',
  backend: 'default/openai/route/chat/rule/0/ref/0',
  backendShortName: 'default/openai',
  backendNamespace: undefined,
  routeName: 'default/chat',
  schema: 'OpenAI',
  responseModel: '',
  usage: {
    inputTokens: 10,
    cachedInputTokens: 4,
    cacheCreationInputTokens: 1,
    outputTokens: 5,
    totalTokens: 15,
    reasoningTokens: 2,
  },
  requestHeaders: { toMap: () => new Map() },
};
const cel = (metadataKey: string, text: string) => ({ metadataKey, type: 'CEL' as const, cel: text });
const onRoute = (cost: CostConfig, filters: Partial<RouteCostConfig> = {}): RouteCostConfig => ({
  routeName: 'default/chat',
  ...cost,
  ...filters,
});
const costsOf = (globals: readonly CostConfig[], routes: readonly RouteCostConfig[]) =>
  compileCosts({ globalLLMRequestCosts: globals, llmRequestCosts: routes });
const valuesOf = (
  globals: readonly CostConfig[],
  routes: readonly RouteCostConfig[],
  changes: Partial<CostFacts> = {},
) => Object.fromEntries(evaluateCosts(costsOf(globals, routes).costs, { ...facts, ...changes }).values);

describe('evaluateCosts', () => {
  it('reads each counter', () => {
    const types = [
      'InputToken',
      'CachedInputToken',
      'CacheCreationInputToken',
      'OutputToken',
      'TotalToken',
      'ReasoningToken',
    ] as const;
    expect(
      valuesOf(
        types.map((type) => ({ metadataKey: type, type })),
        [],
      ),
    ).toEqual({
      InputToken: 10,
      CachedInputToken: 4,
      CacheCreationInputToken: 1,
      OutputToken: 5,
      TotalToken: 15,
      ReasoningToken: 2,
    });
  });

  it('gives 0 for a counter that was not reported', () => {
    expect(valuesOf([{ metadataKey: 'used', type: 'TotalToken' }], [], { usage: {} })).toEqual({ used: 0 });
  });

  const total: CostConfig = { metadataKey: 'used', type: 'TotalToken' };
  const input: CostConfig = { metadataKey: 'used', type: 'InputToken' };
  const output: CostConfig = { metadataKey: 'used', type: 'OutputToken' };
  it.each<[string, readonly CostConfig[], readonly RouteCostConfig[], Partial<CostFacts>, Record<string, number>]>([
    ['a gateway-wide cost alone', [total], [], {}, { used: 15 }],
    ['the later of two gateway-wide costs', [total, input], [], {}, { used: 10 }],
    ['the cost of the route over the gateway-wide one', [total], [onRoute(input)], {}, { used: 10 }],
    ['the later of two costs of the route', [], [onRoute(input), onRoute(output)], {}, { used: 5 }],
    ['the gateway-wide cost on another route', [total], [onRoute(input)], { routeName: 'default/other' }, { used: 15 }],
    ['the gateway-wide cost without a route', [total], [onRoute(input)], { routeName: '' }, { used: 15 }],
    ['nothing on another route', [], [onRoute(input)], { routeName: 'default/other' }, {}],
    [
      'the right one of two routes with the same key',
      [],
      [onRoute(input), onRoute(output, { routeName: 'default/other' })],
      {},
      { used: 10 },
    ],
    ['a model filter that matches', [total], [onRoute(input, { model: 'gpt-4o' })], {}, { used: 10 }],
    ['a model filter that does not match', [total], [onRoute(input, { model: 'gpt-5' })], {}, { used: 15 }],
    ['a model filter against no model', [], [onRoute(input, { model: 'gpt-4o' })], { model: '' }, {}],
    [
      'a backend filter that matches the short name',
      [],
      [onRoute(input, { backend: 'default/openai' })],
      {},
      { used: 10 },
    ],
    ['a backend filter that does not match', [], [onRoute(input, { backend: 'default/azure' })], {}, {}],
    [
      'an earlier cost when a later one is filtered out',
      [],
      [onRoute(input), onRoute(output, { model: 'gpt-5' })],
      {},
      { used: 10 },
    ],
    ['a filtered cost that comes later', [], [onRoute(input), onRoute(output, { model: 'gpt-4o' })], {}, { used: 5 }],
    [
      'an unfiltered cost that comes after a filtered one',
      [],
      [onRoute(output, { model: 'gpt-4o' }), onRoute(input)],
      {},
      { used: 10 },
    ],
    ['different keys side by side', [total, cel('a', '1')], [onRoute(cel('b', '2'))], {}, { used: 15, a: 1, b: 2 }],
  ])('counts %s', (_, globals, routes, changes, expected) => {
    expect(valuesOf(globals, routes, changes)).toEqual(expected);
  });

  it('clamps to what a double holds exactly', () => {
    expect(valuesOf([cel('used', '18446744073709551615u'), cel('edge', '9007199254740991')], [])).toEqual({
      used: Number.MAX_SAFE_INTEGER,
      edge: Number.MAX_SAFE_INTEGER,
    });
  });

  it('leaves out a cost that fails, reports it and evaluates the others', () => {
    const { costs } = costsOf(
      [total, cel('ratio', 'total_tokens / cached_input_tokens')],
      [onRoute(cel('used', 'input_tokens - output_tokens'))],
    );
    const usage = { inputTokens: 1, outputTokens: 5, totalTokens: 6, cachedInputTokens: 2 };
    const result = evaluateCosts(costs, { ...facts, usage });
    expect(Object.fromEntries(result.values)).toEqual({ ratio: 3 });
    expect(result.failures).toEqual([{ metadataKey: 'used', reason: 'uint overflow during _-_' }]);
  });
});

describe('compileCosts', () => {
  it('leaves out costs that cannot work, names them and keeps the others', () => {
    const { costs, faults } = costsOf(
      [{ metadataKey: 'a', type: 'CEL' }, cel('b', 'input_tokens * 2'), cel('c', '1')],
      [onRoute(cel('d', '2'), { routeName: '' }), onRoute(cel('e', '3'))],
    );
    expect(faults).toEqual([
      { subject: 'globalLLMRequestCosts[0]', reason: 'cost "a" of type CEL has no expression; expected one in cel' },
      {
        subject: 'globalLLMRequestCosts[1]',
        reason: expect.stringContaining('cannot use the cost expression "input_tokens * 2": '),
      },
      {
        subject: 'llmRequestCosts[0]',
        reason: 'cost "d" names no route; expected routeName <namespace>/<name> of an AIGatewayRoute',
      },
    ]);
    expect(Object.fromEntries(evaluateCosts(costs, facts).values)).toEqual({ c: 1, e: 3 });
    expect(costs.isEmpty).toBe(false);
  });

  it.each([
    ['does not compile', cel('used', 'nonsense('), /^cannot use the cost expression "nonsense\("/],
    ['is missing', { metadataKey: 'used', type: 'CEL' as const }, /^cost "used" of type CEL has no expression/],
  ])('never charges by the gateway-wide cost when the expression of the route %s', (_, broken, reason) => {
    const globals: CostConfig[] = [{ metadataKey: 'used', type: 'TotalToken' }, cel('a', '1')];
    const { costs, faults } = costsOf(globals, [onRoute(broken, { model: 'gpt-4o' })]);
    const result = evaluateCosts(costs, facts);
    expect(Object.fromEntries(result.values)).toEqual({ a: 1 });
    expect(result.failures).toEqual([{ metadataKey: 'used', reason: expect.stringMatching(reason) }]);
    expect(faults).toEqual([{ subject: 'llmRequestCosts[0]', reason: result.failures[0]?.reason }]);
    const others = [{ model: 'gpt-5' }, { routeName: 'default/other' }];
    for (const changes of others) {
      expect(Object.fromEntries(evaluateCosts(costs, { ...facts, ...changes }).values)).toEqual({ used: 15, a: 1 });
    }
  });

  it('computes one expression as each of its costs says', () => {
    const mixed = (metadataKey: string) => cel(metadataKey, 'input_tokens * 1.5 + output_tokens');
    const promote = { arithmetic: 'promote' } as const;
    const { costs, faults } = costsOf(
      [mixed('a'), { ...mixed('b'), ...promote }],
      [
        onRoute({ ...mixed('c'), ...promote }),
        onRoute({ ...mixed('d'), arithmetic: 'strict' }),
        onRoute({ ...mixed('e'), ...promote }),
      ],
    );
    expect(Object.fromEntries(evaluateCosts(costs, facts).values)).toEqual({ b: 20, c: 20, e: 20 });
    expect(faults.map(({ subject }) => subject)).toEqual(['globalLLMRequestCosts[0]', 'llmRequestCosts[1]']);
  });

  it('is empty without any cost', () => {
    expect(costsOf([], []).costs.isEmpty).toBe(true);
    expect(costsOf([], [onRoute(cel('a', '1'))]).costs.isEmpty).toBe(false);
  });
});
