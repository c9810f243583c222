import type { HTTPRouteFilter } from '../../../shared/api/http-route.js';
import { childNames } from '../resolve/child-names.js';
import type { RouteNode } from '../resolve/route-graph.js';
import { childMetadata } from './child-metadata.js';

const NOT_FOUND_BODY =
  'No route matched this request. The model is probably not configured on this gateway: compare its name with /v1/models.';

/** The two filters that the rules of a route refer to. @see spec controller.md section 6 */
export function generateHTTPRouteFilters({ route }: RouteNode): readonly HTTPRouteFilter[] {
  const { name } = route.metadata;
  return [
    {
      apiVersion: 'gateway.envoyproxy.io/v1alpha1',
      kind: 'HTTPRouteFilter',
      metadata: childMetadata(route, childNames.hostRewriteFilter(name)),
      spec: { urlRewrite: { hostname: { type: 'Backend' } } },
    },
    {
      apiVersion: 'gateway.envoyproxy.io/v1alpha1',
      kind: 'HTTPRouteFilter',
      metadata: childMetadata(route, childNames.notFoundFilter(name)),
      spec: { directResponse: { statusCode: 404, body: { type: 'Inline', inline: NOT_FOUND_BODY } } },
    },
  ];
}
