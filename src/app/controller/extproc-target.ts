import { ProxyIndex } from '../../modules/routing/workloads/proxies.js';
import { servingGateway } from '../../modules/routing/workloads/sharing.js';
import type { EditOptions } from '../../modules/extension-server/edits/edit-options.js';
import type { ControllerSettings } from '../../platform/config/controller-settings.js';
import type { Gateway, Secret } from '../../shared/api/gateway-api.js';
import { kinds } from '../../shared/api/kinds.js';
import { nameOfKey, namespaceOfKey } from '../../shared/api/object-key.js';
import { secretText } from '../../shared/api/secret-text.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import { EXTPROC_PORT, extProcServiceName } from '../../shared/extproc-pod/service.js';

/** Where Envoy finds processors that run as Deployments; nothing in mode sidecar. */
export function deploymentTarget({
  extProcMode,
  extProcTLSSecret,
  envoyGatewayNamespace,
}: ControllerSettings): Pick<EditOptions, 'extProcDeploymentOf'> {
  if (extProcMode !== 'deployment') return {};
  return {
    extProcDeploymentOf: (key, world) => {
      const gateway = world.get<Gateway>(kinds.gateway, namespaceOfKey(key), nameOfKey(key));
      if (!gateway) return undefined;
      const proxies = new ProxyIndex(world).of(gateway, gateway.spec?.gatewayClassName);
      const { metadata } = servingGateway(world, gateway, proxies);
      const namespace = proxies.namespace ?? envoyGatewayNamespace;
      const dnsName = `${extProcServiceName(metadata.namespace ?? '', metadata.name)}.${namespace}.svc.cluster.local`;
      const ca = extProcTLSSecret === undefined ? undefined : caOf(world, namespace, extProcTLSSecret);
      return { dnsName, port: EXTPROC_PORT, ...(extProcTLSSecret !== undefined && { tls: { ca: ca ?? '' } }) };
    },
  };
}

const caOf = (world: Snapshot, namespace: string, name: string): string | undefined => {
  const secret = world.get<Secret>(kinds.secret, namespace, name);
  return secret && secretText(secret, 'ca.crt');
};
