import { anyPack } from '@bufbuild/protobuf/wkt';
import { JwtAuthenticationSchema } from '../../../gen/proto/envoy/extensions/filters/http/jwt_authn/v3/config_pb.js';
import type { HttpConnectionManager } from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { mapKeeping, withMembers } from './copy-on-write.js';
import { unpack } from './packed.js';

/**
 * The manager whose `jwt_authn` filters leave the route as it was matched first. With `clear_route_cache` (`recomputeRoute`
 * of a SecurityPolicy) a token could lead to a route whose own authentication never ran, and the processor would take that
 * route for the first match (21.8). Routes can depend on claims all the same: the processor has every request routed again.
 */
export const withoutEarlyRerouting = (manager: HttpConnectionManager): HttpConnectionManager =>
  withMembers(manager, {
    httpFilters: mapKeeping(manager.httpFilters, (filter) => {
      const config = unpack(filter.typedConfig, JwtAuthenticationSchema);
      if (config === undefined || !Object.values(config.providers).some((one) => one.clearRouteCache)) return filter;
      const providers = Object.fromEntries(
        Object.entries(config.providers).map(([name, one]) => [name, { ...one, clearRouteCache: false }]),
      );
      return { ...filter, typedConfig: anyPack(JwtAuthenticationSchema, { ...config, providers }) };
    }),
  });
