import { expect, it } from '@jest/globals';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import { KNOWN_ONLY_TO_US } from '../../../shared/api/known-only-to-us.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { ResolveContext } from '../resolve/context.js';
import { resolveRoute } from '../resolve/resolve-route.js';
import { generateHTTPRoutes } from './http-route.js';

const routeOf = (matchCount: number): AIGatewayRoute => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { name: 'llm', namespace: 'default', labels: { team: 'blue', 'helm.sh/chart': 'c', ...KNOWN_ONLY_TO_US } },
  spec: {
    rules: [
      {
        matches: Array.from({ length: matchCount }, (_, index) => ({
          headers: [{ name: 'x-ai-eg-model', value: `m${index}` }],
        })),
      },
    ],
  },
});

/** Policies of Envoy Gateway select HTTPRoutes by labels: by one of the route's they find all parts, however many there are. */
it.each([1, 200])(
  'gives each HTTPRoute of a route with %p matches the labels of the route, and the mark to those alone that only we know',
  (matchCount) => {
    const parts = generateHTTPRoutes(resolveRoute(new ResolveContext(snapshotOf([])), routeOf(matchCount)), '/');
    expect(parts.length > 1).toBe(matchCount > 64);
    for (const [index, { metadata }] of parts.entries())
      expect(metadata.labels).toEqual({ team: 'blue', ...(index > 0 && KNOWN_ONLY_TO_US) });
  },
);
