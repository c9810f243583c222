import { describe, expect, it } from '@jest/globals';
import type { AIGatewayRouteMatch, AIGatewayRouteRule } from '../../../shared/api/ai-gateway.js';
import { ruleWarnings } from './rule-warnings.js';

const told = (...rules: readonly AIGatewayRouteRule[]): readonly string[] =>
  ruleWarnings({
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'AIGatewayRoute',
    metadata: { name: 'r', namespace: 'default' },
    spec: { rules },
  }).map(({ severity, reason, path, message }) => `${severity} ${reason} ${path}: ${message}`);

const backendRefs = [{ name: 'b' }];
const model = (value: string, ...more: readonly { readonly name: string; readonly value: string }[]) =>
  ({ headers: [{ name: 'x-ai-eg-model', value }, ...more] }) satisfies AIGatewayRouteMatch;

describe('ruleWarnings', () => {
  it.each<[string, Partial<AIGatewayRouteRule>, string]>([
    ['no backendRefs', {}, 'there is no backendRef'],
    ['an empty list', { backendRefs: [] }, 'there is no backendRef'],
    ['weight 0 alone', { backendRefs: [{ name: 'b', weight: 0 }] }, 'every backendRef has weight 0'],
  ])('tells of a rule that can only answer 500: %s', (_, rule, found) => {
    expect(told({ matches: [model('m')], ...rule })).toEqual([
      `warning NoBackends spec.rules[0].backendRefs: ${found}, so that requests of this rule are answered 500: name a backend, or drop the rule`,
    ]);
  });

  it('says nothing of a backend that is drained beside another one', () => {
    expect(told({ backendRefs: [{ name: 'b', weight: 0 }, { name: 'c' }] })).toEqual([]);
  });

  it.each<[string, readonly AIGatewayRouteMatch[], readonly AIGatewayRouteMatch[]]>([
    ['the same model', [model('m')], [model('m')]],
    ['the same header in another case', [model('m')], [{ headers: [{ name: 'X-AI-EG-Model', value: 'm' }] }]],
    [
      'the default type written out',
      [model('m')],
      [{ headers: [{ name: 'x-ai-eg-model', type: 'Exact', value: 'm' }] }],
    ],
    [
      'the same headers in another order',
      [model('m', { name: 'tier', value: 'gold' })],
      [{ headers: [...model('m', { name: 'tier', value: 'gold' }).headers].reverse() }],
    ],
  ])('names the match that takes the requests of a later one: %s', (_, first, second) => {
    expect(told({ matches: first, backendRefs }, { matches: second, backendRefs })).toEqual([
      'warning ShadowedMatch spec.rules[1].matches[0]: spec.rules[0].matches[0] matches the same requests and comes first, so that none come here: drop one of them, or put their backends into one rule',
    ]);
  });

  it('names the rule when it takes every request', () => {
    expect(told({ backendRefs }, { backendRefs, matches: [] })).toEqual([
      expect.stringContaining('ShadowedMatch spec.rules[1]: spec.rules[0] matches the same requests'),
    ]);
  });

  it.each<[string, readonly AIGatewayRouteMatch[], readonly AIGatewayRouteMatch[]]>([
    ['another model', [model('m')], [model('n')]],
    ['one header more', [model('m')], [model('m', { name: 'tier', value: 'gold' })]],
    ['a pattern', [model('m')], [{ headers: [{ name: 'x-ai-eg-model', type: 'RegularExpression', value: 'm' }] }]],
    ['no match at all', [model('m')], []],
  ])('says nothing of a later rule with %s', (_, first, second) => {
    expect(told({ matches: first, backendRefs }, { matches: second, backendRefs })).toEqual([]);
  });
});
