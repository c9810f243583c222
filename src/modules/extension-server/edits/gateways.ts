import type { RouteConfiguration } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import type { Metadata } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import { objectKey, type ObjectKey } from '../../../shared/api/kube-object.js';
import { kinds } from '../../../shared/api/kinds.js';
import { isAIRoute } from './ai-routes.js';
import { routeConfigNames, type DecodedListener } from './http-connection-managers.js';
import { originObjects } from './origin-metadata.js';
import { isSpecialListener } from './xds-names.js';

/**
 * The Gateways a listener belongs to, sorted: from the metadata of the virtual hosts of its routing tables (several Gateways
 * may share a port when they are merged), from its own metadata, else from its name `<ns>/<gateway>/<listener>`. Empty when
 * nothing tells.
 */
export function gatewaysOfListener(
  decoded: DecodedListener,
  tables: ReadonlyMap<string, RouteConfiguration>,
): readonly ObjectKey[] {
  const hosts = routeConfigNames(decoded).flatMap((name) => tables.get(name)?.virtualHosts ?? []);
  const found = [...hosts.flatMap(({ metadata }) => gatewayKeys(metadata)), ...gatewayKeys(decoded.listener.metadata)];
  return sorted(found.length > 0 ? found : gatewayByName(decoded.listener.name));
}

/** The Gateways whose listeners serve AI routes, sorted. */
export function gatewaysWithAIRoutes(
  listeners: readonly DecodedListener[],
  tables: ReadonlyMap<string, RouteConfiguration>,
): readonly ObjectKey[] {
  const found = listeners
    .filter(({ listener }) => !isSpecialListener(listener.name))
    .flatMap((decoded) => {
      const hosts = routeConfigNames(decoded)
        .flatMap((name) => tables.get(name)?.virtualHosts ?? [])
        .filter((host) => host.routes.some(isAIRoute));
      const byHost = hosts.flatMap(({ metadata }) => gatewayKeys(metadata));
      if (hosts.length === 0 || byHost.length > 0) return byHost;
      const own = gatewayKeys(decoded.listener.metadata);
      return own.length > 0 ? own : gatewayByName(decoded.listener.name);
    });
  return sorted(found);
}

const gatewayKeys = (metadata: Metadata | undefined): readonly ObjectKey[] =>
  originObjects(metadata).flatMap(({ kind, namespace, name }) =>
    kind === kinds.gateway.kind && typeof namespace === 'string' && typeof name === 'string'
      ? [objectKey(kinds.gateway, namespace, name)]
      : [],
  );

function gatewayByName(listener: string): readonly ObjectKey[] {
  const [namespace, gateway, section, ...more] = listener.split('/');
  return namespace && gateway && section && more.length === 0 ? [objectKey(kinds.gateway, namespace, gateway)] : [];
}

const sorted = (keys: readonly ObjectKey[]): readonly ObjectKey[] => [...new Set(keys)].sort();
