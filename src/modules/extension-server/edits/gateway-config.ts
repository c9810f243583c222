import type { GatewayConfig } from '../../../shared/api/ai-gateway.js';
import type { KubeObject, ObjectKey } from '../../../shared/api/kube-object.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';

const GATEWAY_CONFIG_ANNOTATION = 'aigateway.envoyproxy.io/gateway-config';

/** The GatewayConfig that a Gateway names by its annotation; it is in the Gateway's namespace. */
export function gatewayConfigOf(world: Snapshot, namespace: string, gateway: string): GatewayConfig | undefined {
  const annotations = world.get<KubeObject>(kinds.gateway, namespace, gateway)?.metadata.annotations;
  const name = annotations?.[GATEWAY_CONFIG_ANNOTATION];
  return name ? world.get<GatewayConfig>(kinds.gatewayConfig, namespace, name) : undefined;
}

/** The same for the key of a Gateway. */
export function gatewayConfigByKey(world: Snapshot, gateway: ObjectKey): GatewayConfig | undefined {
  const [, , namespace = '', name = ''] = gateway.split('/');
  return gatewayConfigOf(world, namespace, name);
}
