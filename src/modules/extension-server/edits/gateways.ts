import type { VirtualHost } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import type { RouteConfiguration } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import type { Metadata } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import { routesFingerprint } from '../../../shared/api/generated-http-route.js';
import { objectKey, type ObjectKey } from '../../../shared/api/kube-object.js';
import { kinds } from '../../../shared/api/kinds.js';
import { isAIRoute } from './ai-routes.js';
import { routeConfigNames, type DecodedListener } from './http-connection-managers.js';
import { originObjects } from './origin-metadata.js';
import { translatedRoutes } from './translated-routes.js';
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

/**
 * The Gateways whose listeners serve AI routes, sorted, each with the fingerprint of the HTTPRoutes of ours that it serves.
 */
export function gatewaysWithAIRoutes(
  listeners: readonly DecodedListener[],
  tables: ReadonlyMap<string, RouteConfiguration>,
): ReadonlyMap<ObjectKey, string> {
  const hostsOf = new Map<ObjectKey, Set<VirtualHost>>();
  for (const decoded of listeners.filter(({ listener }) => !isSpecialListener(listener.name))) {
    const { metadata, name } = decoded.listener;
    const hosts = routeConfigNames(decoded)
      .flatMap((table) => tables.get(table)?.virtualHosts ?? [])
      .filter((host) => host.routes.some(isAIRoute));
    for (const host of hosts) {
      const gateways = [gatewayKeys(host.metadata), gatewayKeys(metadata), gatewayByName(name)];
      for (const gateway of gateways.find((keys) => keys.length > 0) ?? [])
        hostsOf.set(gateway, (hostsOf.get(gateway) ?? new Set()).add(host));
    }
  }
  return new Map(
    sorted([...hostsOf.keys()]).map((key) => [key, routesFingerprint(translatedRoutes(hostsOf.get(key)!))]),
  );
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
