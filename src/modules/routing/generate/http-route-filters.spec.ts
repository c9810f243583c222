import { describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { HTTPRouteFilter } from '../../../shared/api/http-route.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { ResolveContext } from '../resolve/context.js';
import { resolveRoute } from '../resolve/resolve-route.js';
import { generateHTTPRouteFilters } from './http-route-filters.js';

const ROUTE: AIGatewayRoute = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { name: 'llm', namespace: 'default' },
  spec: { rules: [] },
};

type DirectResponse = HTTPRouteFilter['spec']['directResponse'];

function answerOf(live?: HTTPRouteFilter['spec']): DirectResponse {
  const notFound: HTTPRouteFilter | undefined = live && {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'HTTPRouteFilter',
    metadata: { name: 'ai-eg-route-not-found-response-llm', namespace: 'default' },
    spec: live,
  };
  const node = resolveRoute(new ResolveContext(snapshotOf([])), ROUTE);
  return generateHTTPRouteFilters(node, { notFound }).at(-1)?.spec.directResponse;
}

const inline = (text: string) => ({ type: 'Inline', inline: text }) as const;

describe('generateHTTPRouteFilters', () => {
  it('keeps the words of the answer of the catch-all that is there', () => {
    const theirs = { directResponse: { statusCode: 404, body: inline('their words') } };
    expect(answerOf(theirs)).toEqual(theirs.directResponse);
  });

  it.each([
    ['it has another status', { directResponse: { statusCode: 503, body: inline('their words') } }],
    ['it has no words', { directResponse: { statusCode: 404, body: inline('') } }],
    ['it has no body', { directResponse: { statusCode: 404 } }],
    ['it is something else', { urlRewrite: { hostname: { type: 'Backend' } } }],
    ['it says more than it should', { directResponse: { contentType: 'a/b', statusCode: 404, body: inline('') } }],
  ] satisfies readonly [string, HTTPRouteFilter['spec']][])('has its own words when %s', (_, live) => {
    const own = answerOf();
    expect(own).toMatchObject({ statusCode: 404, body: { inline: expect.stringContaining('No route matched') } });
    expect(answerOf(live)).toEqual(own);
  });
});
