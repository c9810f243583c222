import { create } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { RouteSchema, type Route } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { ruleLookup } from './rule-lookup.js';
import { withStreamIdleTimeout } from './stream-idle-timeout.js';

const LLM: AIGatewayRoute = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { namespace: 'ns', name: 'llm' },
  spec: { rules: ['20s', '', '0s', '-5s', 'soon', '1h1m1s500ms'].map((streamIdleTimeout) => ({ streamIdleTimeout })) },
};
const RULES = ruleLookup(snapshotOf([LLM]));

const forwarding = (name: string, numRetries?: number) =>
  create(RouteSchema, {
    name,
    action: {
      case: 'route',
      value: numRetries === undefined ? {} : { retryPolicy: { retryOn: '5xx', numRetries } },
    },
  });
const retryPolicy = (route: Route) => (route.action.case === 'route' ? route.action.value.retryPolicy : undefined);

describe('withStreamIdleTimeout', () => {
  it.each([
    [0, 20_000],
    [5, 3_661_500],
  ])('makes a retry policy for rule %i with %i ms that retries nothing', (rule, expectedMs) => {
    const policy = retryPolicy(withStreamIdleTimeout(forwarding(`httproute/ns/llm/rule/${rule}/match/0/*`), RULES));
    expect(policy?.retryOn).toBe('');
    expect(policy?.perTryIdleTimeout && durationMs(policy.perTryIdleTimeout)).toBe(expectedMs);
  });

  it('keeps the rest of an existing retry policy', () => {
    const edited = withStreamIdleTimeout(forwarding('httproute/ns/llm/rule/0/match/0/*', 4), RULES);
    expect(retryPolicy(edited)).toMatchObject({ retryOn: '5xx', numRetries: 4, perTryIdleTimeout: { seconds: 20n } });
    expect(withStreamIdleTimeout(edited, RULES)).toBe(edited);
  });

  it.each([
    ...[1, 2, 3, 4, 99].map((rule) => forwarding(`httproute/ns/llm/rule/${rule}/match/0/*`)),
    forwarding('httproute/ns/llm/rule/x/match/0/*'),
    forwarding('httproute/ns/llm/rule/-1/match/0/*'),
    forwarding('httproute/ns/other/rule/0/match/0/*'),
    forwarding('something-else'),
    create(RouteSchema, { name: 'httproute/ns/llm/rule/0/match/0/*', action: { case: 'directResponse', value: {} } }),
  ])('leaves route $name alone', (route) => {
    expect(withStreamIdleTimeout(route, RULES)).toBe(route);
  });
});
