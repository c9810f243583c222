import type { RouteConfiguration } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import { parseServices, tellsMore, type ServiceUse } from '../../../shared/api/generated-http-route.js';
import type { ObjectKey } from '../../../shared/api/kube-object.js';
import { nameOfKey, namespaceOfKey } from '../../../shared/api/object-key.js';
import { generatedOrigin } from './translated-routes.js';

/** How a Gateway finds its processor, as the translated HTTPRoutes tell; the most that any of them tells. */
export function servicesTold(tables: readonly RouteConfiguration[]): (gateway: ObjectKey) => ServiceUse {
  const told = new Map<string, ServiceUse>();
  const texts = new Set<string>();
  for (const { virtualHosts } of tables) {
    for (const { routes } of virtualHosts) {
      for (const route of routes) {
        const text = generatedOrigin(route)?.xdsInputs;
        if (text === undefined || texts.has(text)) continue;
        texts.add(text);
        for (const { gateway, use } of parseServices(text))
          if (tellsMore(use, told.get(gateway) ?? 'none')) told.set(gateway, use);
      }
    }
  }
  return (gateway) => told.get(`${namespaceOfKey(gateway)}/${nameOfKey(gateway)}`) ?? 'none';
}
