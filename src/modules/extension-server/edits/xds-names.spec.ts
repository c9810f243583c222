import { describe, expect, it } from '@jest/globals';
import { isSpecialListener, parseClusterName, parseRuleName } from './xds-names.js';

describe('parseClusterName', () => {
  it('reads a rule', () => {
    expect(parseClusterName('httproute/default/llm/rule/3')).toEqual({
      namespace: 'default',
      route: 'llm',
      ruleIndex: 3,
    });
  });

  it('reads a backendRef of a rule', () => {
    expect(parseClusterName('httproute/default/llm/rule/0/backend/12')).toMatchObject({ ruleIndex: 0, refIndex: 12 });
  });

  it.each([
    'grpcroute/default/llm/rule/0',
    'httproute/default/llm/rules/0',
    'httproute/default/llm/rule/-1',
    'httproute/default/llm/rule/+1',
    'httproute/default/llm/rule/x',
    'httproute/default/llm/rule/',
    'httproute/default/llm/rule/0/backend',
    'httproute/default/llm/rule/0/ref/1',
    'httproute/default/llm/rule/0/backend/-1',
    'httproute/default/llm/rule/0/backend/one',
    'httproute/default/llm/rule/0/backend/0/more',
    'httproute//llm/rule/0',
    'invalid-backend-cluster',
    '',
  ])('refuses "%s"', (name) => {
    expect(parseClusterName(name)).toBeUndefined();
  });
});

describe('parseRuleName', () => {
  it.each(['httproute/a/b/rule/1/match/0/*', 'httproute/a/b/rule/1/match/-1/cors-preflight/api_test'])(
    'reads the rule of "%s"',
    (name) => {
      expect(parseRuleName(name)).toEqual({ namespace: 'a', route: 'b', ruleIndex: 1 });
    },
  );
});

describe('isSpecialListener', () => {
  it.each([
    ['envoy-gateway-proxy-ready-0.0.0.0-19003', true],
    ['envoy-gateway-proxy-stats-0.0.0.0-19001', true],
    ['default/edge/http', false],
  ])('of %s is %s', (name, expected) => {
    expect(isSpecialListener(name)).toBe(expected);
  });
});
