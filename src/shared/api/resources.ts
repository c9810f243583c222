import { kinds } from './kinds.js';
import type { GroupKind } from './kube-object.js';

/** How objects of a kind are addressed on the wire. */
export interface ResourceType extends GroupKind {
  readonly version: string;
  /** The name in paths, `httproutes`. */
  readonly plural: string;
  readonly isNamespaced: boolean;
}

const namespaced = (type: GroupKind, version: string, plural: string): ResourceType => ({
  ...type,
  version,
  plural,
  isNamespaced: true,
});
const clusterScoped = (type: GroupKind, version: string, plural: string): ResourceType => ({
  ...namespaced(type, version, plural),
  isNamespaced: false,
});

/** The versions that the control plane speaks. @see spec controller.md section 3, api.md section 10 */
const RESOURCES: readonly ResourceType[] = [
  clusterScoped(kinds.gatewayClass, 'v1', 'gatewayclasses'),
  namespaced(kinds.gateway, 'v1', 'gateways'),
  namespaced(kinds.httpRoute, 'v1', 'httproutes'),
  namespaced(kinds.referenceGrant, 'v1beta1', 'referencegrants'),
  namespaced(kinds.backendTLSPolicy, 'v1', 'backendtlspolicies'),
  namespaced(kinds.httpRouteFilter, 'v1alpha1', 'httproutefilters'),
  namespaced(kinds.backend, 'v1alpha1', 'backends'),
  namespaced(kinds.backendTrafficPolicy, 'v1alpha1', 'backendtrafficpolicies'),
  namespaced(kinds.clientTrafficPolicy, 'v1alpha1', 'clienttrafficpolicies'),
  namespaced(kinds.securityPolicy, 'v1alpha1', 'securitypolicies'),
  namespaced(kinds.envoyProxy, 'v1alpha1', 'envoyproxies'),
  namespaced(kinds.aiGatewayRoute, 'v1beta1', 'aigatewayroutes'),
  namespaced(kinds.aiServiceBackend, 'v1beta1', 'aiservicebackends'),
  namespaced(kinds.backendSecurityPolicy, 'v1beta1', 'backendsecuritypolicies'),
  namespaced(kinds.mcpRoute, 'v1beta1', 'mcproutes'),
  namespaced(kinds.quotaPolicy, 'v1alpha1', 'quotapolicies'),
  namespaced(kinds.gatewayConfig, 'v1beta1', 'gatewayconfigs'),
  namespaced(kinds.secret, 'v1', 'secrets'),
  namespaced(kinds.configMap, 'v1', 'configmaps'),
  namespaced(kinds.service, 'v1', 'services'),
  namespaced(kinds.pod, 'v1', 'pods'),
  namespaced(kinds.deployment, 'v1', 'deployments'),
  namespaced(kinds.daemonSet, 'v1', 'daemonsets'),
  clusterScoped(kinds.customResourceDefinition, 'v1', 'customresourcedefinitions'),
  namespaced(kinds.lease, 'v1', 'leases'),
  namespaced(kinds.event, 'v1', 'events'),
  clusterScoped(kinds.mutatingWebhookConfiguration, 'v1', 'mutatingwebhookconfigurations'),
  clusterScoped(kinds.validatingWebhookConfiguration, 'v1', 'validatingwebhookconfigurations'),
  namespaced(kinds.inferencePool, 'v1', 'inferencepools'),
];

const byGroupKind = new Map(RESOURCES.map((resource) => [`${resource.group}/${resource.kind}`, resource]));

/** Throws for a kind that the control plane knows nothing of, which is a mistake in the program. */
export function resourceOf({ group, kind }: GroupKind): ResourceType {
  const resource = byGroupKind.get(`${group}/${kind}`);
  if (!resource) throw new Error(`cannot address kind "${kind}" of group "${group}": it is not in the resource table`);
  return resource;
}

/** `gateway.networking.k8s.io/v1`, `v1` for the core group. */
export const apiVersionOf = ({ group, version }: ResourceType): string =>
  group === '' ? version : `${group}/${version}`;
