import { tlsSecretOf } from '../../modules/routing/generate/extproc-deployment.js';
import { generatedForGateway } from '../../modules/routing/generate/ownership.js';
import { ProxyIndex } from '../../modules/routing/workloads/proxies.js';
import { servingGateway } from '../../modules/routing/workloads/sharing.js';
import type { EditOptions } from '../../modules/extension-server/edits/edit-options.js';
import type { ControllerSettings } from '../../platform/config/controller-settings.js';
import type { Gateway, Secret } from '../../shared/api/gateway-api.js';
import { kinds } from '../../shared/api/kinds.js';
import { keyOf } from '../../shared/api/kube-object.js';
import { nameOfKey, namespaceOfKey } from '../../shared/api/object-key.js';
import { secretText } from '../../shared/api/secret-text.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import type { Deployment } from '../../shared/api/workloads.js';
import { EXTPROC_PORT, extProcServiceName } from '../../shared/extproc-pod/service.js';

/**
 * Where Envoy finds processors that run as Deployments: in mode deployment those that will be, too; in mode sidecar those that
 * a former mode has left and nobody has deleted yet. Whether Envoy is to use them is told by the HTTPRoutes.
 */
export const deploymentTarget = ({
  extProcMode,
  extProcTLSSecret,
  envoyGatewayNamespace,
}: ControllerSettings): Required<Pick<EditOptions, 'extProcDeploymentOf'>> => ({
  extProcDeploymentOf: (key, world) => {
    const deployments = world.list<Deployment>(kinds.deployment).filter(generatedForGateway);
    if (extProcMode === 'sidecar' && deployments.length === 0) return undefined;
    const { namespace: ofProxies, serving } = placeOf(key, world);
    const name = extProcServiceName(namespaceOfKey(serving), nameOfKey(serving));
    const deployment = deployments.find(({ metadata }) => metadata.name === name);
    if (extProcMode === 'sidecar' && deployment === undefined) return undefined;
    const namespace = ofProxies ?? deployment?.metadata.namespace ?? envoyGatewayNamespace;
    const tlsSecret = extProcMode === 'sidecar' && deployment ? tlsSecretOf(deployment) : extProcTLSSecret;
    return {
      dnsName: `${name}.${namespace}.svc.cluster.local`,
      port: EXTPROC_PORT,
      ...(tlsSecret !== undefined && { tls: { ca: caOf(world, namespace, tlsSecret) ?? '' } }),
    };
  },
});

/** A Gateway that this replica has not seen yet counts as one with proxies of its own. */
function placeOf(key: string, world: Snapshot): { readonly namespace: string | undefined; readonly serving: string } {
  const gateway = world.get<Gateway>(kinds.gateway, namespaceOfKey(key), nameOfKey(key));
  if (!gateway) return { namespace: undefined, serving: key };
  const proxies = new ProxyIndex(world).of(gateway, gateway.spec?.gatewayClassName);
  return { namespace: proxies.namespace, serving: keyOf(servingGateway(world, gateway, proxies)) };
}

const caOf = (world: Snapshot, namespace: string, name: string): string | undefined => {
  const secret = world.get<Secret>(kinds.secret, namespace, name);
  return secret && secretText(secret, 'ca.crt');
};
