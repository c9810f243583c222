import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { HTTPRouteFilter } from '../../../shared/api/http-route.js';
import { KNOWN_ONLY_TO_US } from '../../../shared/api/known-only-to-us.js';
import { childNames } from '../resolve/child-names.js';
import type { RouteNode } from '../resolve/route-graph.js';
import { childMetadata } from './child-metadata.js';

const NOT_FOUND_BODY =
  'No route matched this request. The model is probably not configured on this gateway: compare its name with /v1/models.';

const CLOSED_BODY =
  'This gateway is not ready: Envoy Gateway has not asked the extension server of the AI gateway to finish its configuration, ' +
  'and requests would pass without credentials and metering. The condition Programmed of the AIGatewayRoute tells more.';

const NOT_FOUND_STATUS = 404;

export interface FilterOptions {
  readonly isClosed?: boolean;
  /** The filter of the catch-all that is there. Its words stay: whoever made it may have others than we. */
  readonly notFound?: HTTPRouteFilter | undefined;
}

/** The two filters that the rules of a route refer to, and that of a closed route. @see spec controller.md section 6 */
export function generateHTTPRouteFilters(
  { route }: RouteNode,
  { isClosed = false, notFound }: FilterOptions = {},
): readonly HTTPRouteFilter[] {
  const { name } = route.metadata;
  return [
    ...(isClosed ? [closedFilter(route)] : []),
    {
      apiVersion: 'gateway.envoyproxy.io/v1alpha1',
      kind: 'HTTPRouteFilter',
      metadata: childMetadata(route, childNames.hostRewriteFilter(name)),
      spec: { urlRewrite: { hostname: { type: 'Backend' } } },
    },
    directResponse(route, childNames.notFoundFilter(name), NOT_FOUND_STATUS, wordsOf(notFound) || NOT_FOUND_BODY),
  ];
}

/** The reference never writes a filter again, so that a cluster changes hands without a change of the words either way. */
function wordsOf(filter: HTTPRouteFilter | undefined): string | undefined {
  const { statusCode, body } = filter?.spec.directResponse ?? {};
  return statusCode === NOT_FOUND_STATUS && body?.type === 'Inline' ? body.inline : undefined;
}

function closedFilter(route: AIGatewayRoute): HTTPRouteFilter {
  const filter = directResponse(route, childNames.closedFilter(route.metadata.name), 503, CLOSED_BODY);
  return { ...filter, metadata: { ...filter.metadata, labels: KNOWN_ONLY_TO_US } };
}

const directResponse = (route: AIGatewayRoute, name: string, statusCode: number, inline: string): HTTPRouteFilter => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'HTTPRouteFilter',
  metadata: childMetadata(route, name),
  spec: { directResponse: { statusCode, body: { type: 'Inline', inline } } },
});
