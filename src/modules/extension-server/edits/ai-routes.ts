import { create } from '@bufbuild/protobuf';
import { anyPack, AnySchema } from '@bufbuild/protobuf/wkt';
import { FilterConfigSchema, type Route } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import type { RouteConfiguration } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import { passedAnnotations } from '../../../shared/api/generated-http-route.js';
import { internalMetadata } from '../../../shared/headers.js';
import { mapKeeping, withMembers } from './copy-on-write.js';
import { withInternalMetadata } from './filter-metadata.js';
import { isObject, originObjects } from './origin-metadata.js';
import { keeping } from './packed.js';
import type { RuleLookup } from './rule-lookup.js';
import { EXT_PROC_FILTER, parseRuleName } from './xds-names.js';

/** Whether a route comes from an AIGatewayRoute; so does the rule that answers when no model matches. */
export const isAIRoute = (route: Route): boolean =>
  originObjects(route.metadata).some(
    ({ annotations }) => isObject(annotations) && passedAnnotations.generated in annotations,
  );

export const hasAIRoute = (routes: RouteConfiguration): boolean =>
  routes.virtualHosts.some((host) => host.routes.some(isAIRoute));

/** The table with `edit` applied to every route. */
export const mapRoutes = (routes: RouteConfiguration, edit: (route: Route) => Route): RouteConfiguration =>
  withMembers(routes, {
    virtualHosts: mapKeeping(routes.virtualHosts, (host) =>
      withMembers(host, { routes: mapKeeping(host.routes, edit) }),
    ),
  });

/** The same for all routes. */
const ENABLED = anyPack(FilterConfigSchema, create(FilterConfigSchema, { config: create(AnySchema) }));

/**
 * Switches the external processor on for an AI route and tells it the AIGatewayRoute and, where there is one,
 * the fingerprint of the authentication that the route asks for; other routes stay.
 * @see spec extension-server.md section 13
 */
export function enableProcessor(
  route: Route,
  lookup: RuleLookup,
  authDomainOf: (route: Route) => string | undefined,
): Route {
  if (!isAIRoute(route)) return route;
  const authDomain = authDomainOf(route);
  const existing = route.typedPerFilterConfig[EXT_PROC_FILTER];
  return withMembers(route, {
    typedPerFilterConfig: withMembers(route.typedPerFilterConfig, {
      [EXT_PROC_FILTER]: keeping(existing, ENABLED),
    }),
    metadata: withInternalMetadata(route.metadata, {
      [internalMetadata.routeName]: routeNameOf(route, lookup),
      ...(authDomain === undefined ? {} : { [internalMetadata.authDomain]: authDomain }),
    }),
  });
}

/** `<ns>/<name>` of the AIGatewayRoute; without one that of the first named object, its bare name, or the route's own. */
function routeNameOf(route: Route, lookup: RuleLookup): string {
  const named = parseRuleName(route.name);
  const origin = named && lookup(named)?.name;
  if (origin !== undefined) return `${origin.namespace}/${origin.route}`;
  for (const { name, namespace } of originObjects(route.metadata)) {
    if (typeof name !== 'string' || name === '') continue;
    return typeof namespace === 'string' && namespace !== '' ? `${namespace}/${name}` : name;
  }
  return route.name;
}
