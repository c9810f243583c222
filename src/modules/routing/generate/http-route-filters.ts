import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { HTTPRouteFilter } from '../../../shared/api/http-route.js';
import { childNames } from '../resolve/child-names.js';
import type { RouteNode } from '../resolve/route-graph.js';
import { childMetadata } from './child-metadata.js';

const NOT_FOUND_BODY =
  'No route matched this request. The model is probably not configured on this gateway: compare its name with /v1/models.';

const CLOSED_BODY =
  'This gateway is not ready: Envoy Gateway has not asked the extension server of the AI gateway to finish its configuration, ' +
  'and requests would pass without credentials and metering. The condition Programmed of the AIGatewayRoute tells more.';

/** The two filters that the rules of a route refer to, and that of a closed route. @see spec controller.md section 6 */
export function generateHTTPRouteFilters({ route }: RouteNode, isClosed = false): readonly HTTPRouteFilter[] {
  const { name } = route.metadata;
  return [
    ...(isClosed ? [directResponse(route, childNames.closedFilter(name), 503, CLOSED_BODY)] : []),
    {
      apiVersion: 'gateway.envoyproxy.io/v1alpha1',
      kind: 'HTTPRouteFilter',
      metadata: childMetadata(route, childNames.hostRewriteFilter(name)),
      spec: { urlRewrite: { hostname: { type: 'Backend' } } },
    },
    directResponse(route, childNames.notFoundFilter(name), 404, NOT_FOUND_BODY),
  ];
}

const directResponse = (route: AIGatewayRoute, name: string, statusCode: number, inline: string): HTTPRouteFilter => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'HTTPRouteFilter',
  metadata: childMetadata(route, name),
  spec: { directResponse: { statusCode, body: { type: 'Inline', inline } } },
});
