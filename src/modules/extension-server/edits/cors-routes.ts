import { create } from '@bufbuild/protobuf';
import {
  HeaderMatcherSchema,
  RouteAction_ClusterNotFoundResponseCode,
  RouteActionSchema,
  type HeaderMatcher,
  type Route,
} from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import type { RouteConfiguration } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import { headers } from '../../../shared/headers.js';
import { isAIRoute } from './ai-routes.js';
import { mapKeeping, withMembers } from './copy-on-write.js';

const CORS_FILTER = 'envoy.filters.http.cors';
const NAME_END = '/cors';
/** There is none, so that a request which ends here reaches nobody. */
const NO_CLUSTER = 'ai-gateway-no-cluster';

/**
 * Envoy's CORS filter looks at the first route match only, and does nothing when that is a direct response. The first
 * match of AI requests is one: the answer for unknown models, until the processor has read the model. So each such route
 * with a CORS policy gets a twin in front of it that matches browsers' requests before the model is known. Its
 * configuration of filters is the same, authentication too; with the model header on the request it matches no more.
 */
export const withCorsTwins = (table: RouteConfiguration): RouteConfiguration =>
  withMembers(table, {
    virtualHosts: mapKeeping(table.virtualHosts, (host) => {
      const names = new Set(host.routes.map(({ name }) => name));
      const needsTwin = (route: Route) =>
        route.action.case === 'directResponse' &&
        CORS_FILTER in route.typedPerFilterConfig &&
        !names.has(route.name + NAME_END) &&
        isAIRoute(route);
      if (!host.routes.some(needsTwin)) return host;
      return { ...host, routes: host.routes.flatMap((route) => (needsTwin(route) ? [twinOf(route), route] : [route])) };
    }),
  });

function twinOf(route: Route): Route {
  const action = create(RouteActionSchema, {
    clusterSpecifier: { case: 'cluster', value: NO_CLUSTER },
    clusterNotFoundResponseCode: RouteAction_ClusterNotFoundResponseCode.NOT_FOUND,
  });
  return {
    ...route,
    name: route.name + NAME_END,
    ...(route.match
      ? { match: { ...route.match, headers: [...route.match.headers, present('origin'), absent(headers.model)] } }
      : {}),
    action: { case: 'route', value: action },
  };
}

const present = (name: string): HeaderMatcher =>
  create(HeaderMatcherSchema, { name, headerMatchSpecifier: { case: 'presentMatch', value: true } });
const absent = (name: string): HeaderMatcher => ({ ...present(name), invertMatch: true });
