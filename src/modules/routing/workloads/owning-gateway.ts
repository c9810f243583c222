import { kinds } from '../../../shared/api/kinds.js';
import { objectKey, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';

/** Labels by which Envoy Gateway marks the proxies of a Gateway. @see spec controller.md section 9 */
export const owningGatewayLabels = {
  name: 'gateway.envoyproxy.io/owning-gateway-name',
  namespace: 'gateway.envoyproxy.io/owning-gateway-namespace',
  /** In place of the two when the Gateways of a class share one proxy (`mergeGateways`). */
  gatewayClass: 'gateway.envoyproxy.io/owning-gatewayclass',
} as const;

/** The Gateway whose proxy a pod or workload is; undefined for other objects and for shared proxies. */
export function owningGatewayOf({ metadata: { labels = {} } }: KubeObject): ObjectKey | undefined {
  const name = labels[owningGatewayLabels.name];
  const namespace = labels[owningGatewayLabels.namespace];
  return name && namespace ? objectKey(kinds.gateway, namespace, name) : undefined;
}

/** The class whose Gateways share the proxy that a pod or workload is; undefined for all other objects. */
export function owningClassOf(object: KubeObject): string | undefined {
  return owningGatewayOf(object) === undefined
    ? object.metadata.labels?.[owningGatewayLabels.gatewayClass] || undefined
    : undefined;
}
