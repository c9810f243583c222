import { describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute, AIGatewayRouteRule } from '../../../shared/api/ai-gateway.js';
import type { HTTPRoute, HTTPRouteRule } from '../../../shared/api/http-route.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { generateHTTPRoutes } from '../generate/http-route.js';
import { ResolveContext } from './context.js';
import { resolveRoute } from './resolve-route.js';

const OBJECTS = [
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { name: 'g', namespace: 'default' } },
  { apiVersion: 'gateway.envoyproxy.io/v1alpha1', kind: 'Backend', metadata: { name: 'b', namespace: 'default' } },
  {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'AIServiceBackend',
    metadata: { name: 'b', namespace: 'default' },
    spec: { schema: { name: 'OpenAI' }, backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'b' } },
  },
];

/** The rules of the HTTPRoute and the faults of the route that `rules` lead to. */
function resolved(rules: readonly AIGatewayRouteRule[]) {
  const route: AIGatewayRoute = {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'AIGatewayRoute',
    metadata: { name: 'r', namespace: 'default' },
    spec: { parentRefs: [{ name: 'g' }], rules },
  };
  const node = resolveRoute(new ResolveContext(snapshotOf(OBJECTS)), route);
  const httpRoutes = generateHTTPRoutes(node, '/');
  return {
    httpRoutes,
    rules: httpRoutes[0]?.spec.rules as readonly HTTPRouteRule[],
    faults: [...node.faults, ...node.rules.flatMap(({ refs }) => refs.flatMap((ref) => ref.faults))].map(
      ({ path, reason, severity, message }) => ({ path, reason, severity, message }),
    ),
  };
}

/** Of models that are numbered from `first` on. */
const matches = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => ({ headers: [{ name: 'x-ai-eg-model', value: `m${first + index}` }] }));
const refs = (count: number) => Array.from({ length: count }, () => ({ name: 'b' }));

describe('resolveRules', () => {
  it('keeps everything when the limits of an HTTPRoute are just met', () => {
    const full = [
      { matches: matches(64), backendRefs: refs(16) },
      { matches: matches(62, 64), backendRefs: [{ name: 'b', weight: 1_000_000 }] },
      { backendRefs: refs(1) },
    ];
    const { rules, faults } = resolved(full);
    expect(faults).toEqual([]);
    expect(rules.map((rule) => rule.matches?.length)).toEqual([64, 62, 1, 1]);
    expect(rules[0]?.backendRefs).toHaveLength(16);
  });

  it('cuts refs from the end when a rule has too many', () => {
    const { rules, faults } = resolved([{ backendRefs: refs(17) }]);
    expect(rules[0]?.backendRefs).toHaveLength(16);
    expect(faults).toEqual([
      {
        path: 'spec.rules[0].backendRefs',
        reason: 'TooManyBackendRefs',
        severity: 'error',
        message:
          '17 refs are more than the 16 of an HTTPRoute: those from index 16 on get no requests; use several rules or routes',
      },
    ]);
  });

  it.each([
    {
      when: 'a rule has more matches than an HTTPRoute rule',
      rules: [{ name: 'a', matches: matches(65), backendRefs: refs(1) }],
      parts: ['r: a 64, route-not-found 1', 'r-part-1-rule-0: a 1'],
    },
    {
      when: 'all rules together have more matches than an HTTPRoute',
      rules: [
        { name: 'a', matches: matches(64), backendRefs: refs(1) },
        { name: 'b', matches: matches(64, 64), backendRefs: refs(1) },
        { name: 'c', matches: matches(1, 128), backendRefs: refs(1) },
      ],
      parts: ['r: a 64, route-not-found 1', 'r-part-1-rule-1: b 64, c 1'],
    },
    {
      when: 'there are more rules than an HTTPRoute holds',
      rules: Array.from({ length: 17 }, (_, index) => ({
        name: `r${index}`,
        matches: matches(1, index),
        backendRefs: refs(1),
      })),
      parts: [
        `r: ${Array.from({ length: 15 }, (_, index) => `r${index} 1`).join(', ')}, route-not-found 1`,
        'r-part-1-rule-15: r15 1, r16 1',
      ],
    },
  ])('goes on in another HTTPRoute when $when', ({ rules: given, parts }) => {
    const { httpRoutes, faults } = resolved(given);
    expect(faults).toEqual([]);
    const shown = httpRoutes.map(
      ({ metadata, spec }: HTTPRoute) =>
        `${metadata.name}: ${(spec.rules ?? []).map(({ name, matches: kept }) => `${name} ${kept?.length}`).join(', ')}`,
    );
    expect(shown).toEqual(parts);
  });

  it('counts a weight as the highest that an HTTPRoute takes when it is above', () => {
    const { rules, faults } = resolved([
      {
        backendRefs: [
          { name: 'b', weight: 1_000_001 },
          { name: 'b', weight: 0 },
        ],
      },
    ]);
    expect(rules[0]?.backendRefs?.map(({ weight }) => weight)).toEqual([1_000_000, 0]);
    expect(faults).toEqual([
      {
        path: 'spec.rules[0].backendRefs[0].weight',
        reason: 'UnsupportedValue',
        severity: 'warning',
        message:
          'weight 1000001 is above the 1000000 of an HTTPRoute and counts as 1000000: scale the weights of the rule down',
      },
    ]);
  });
});
