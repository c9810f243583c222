const MCP = 'MCP is not available in standalone mode yet: remove it, or run in Kubernetes';
const ROUTE = 'use an AIGatewayRoute';
const WORKLOAD = 'standalone mode starts no containers: start the program yourself and give its address in a Backend';
const POOL = 'endpoint pickers need Kubernetes: list the servers as endpoints of a Backend';

/** Well-known kinds that standalone mode does not have, by `group/kind`, with what to do instead. */
export const UNSUPPORTED_KINDS: Readonly<Record<string, string>> = {
  'gateway.networking.k8s.io/HTTPRoute': ROUTE,
  'gateway.networking.k8s.io/GRPCRoute': ROUTE,
  'gateway.networking.k8s.io/TCPRoute': ROUTE,
  'gateway.networking.k8s.io/TLSRoute': ROUTE,
  'gateway.networking.k8s.io/UDPRoute': ROUTE,
  'gateway.networking.k8s.io/ListenerSet': 'write all listeners into the Gateway',
  'gateway.envoyproxy.io/HTTPRouteFilter': ROUTE,
  'gateway.envoyproxy.io/EnvoyPatchPolicy':
    'run in Kubernetes, or use the fields of BackendTrafficPolicy and ClientTrafficPolicy',
  'gateway.envoyproxy.io/EnvoyExtensionPolicy': 'run in Kubernetes, or remove it',
  'aigateway.envoyproxy.io/MCPRoute': MCP,
  'aigateway.envoyproxy.io/QuotaPolicy': 'quotas need the rate limit service: run in Kubernetes, or remove it',
  'inference.networking.k8s.io/InferencePool': POOL,
  'inference.networking.x-k8s.io/InferencePool': POOL,
  'inference.networking.x-k8s.io/InferenceModel': POOL,
  'inference.networking.x-k8s.io/InferenceObjective': POOL,
  '/Service': 'give the address in a Backend (endpoints with fqdn or ip)',
  '/Pod': WORKLOAD,
  'apps/Deployment': WORKLOAD,
  'apps/DaemonSet': WORKLOAD,
  'apps/StatefulSet': WORKLOAD,
  'batch/Job': WORKLOAD,
  '/ServiceAccount': 'there is no cluster to have accounts in: remove it',
  'rbac.authorization.k8s.io/Role': 'there is no cluster to have rights in: remove it',
  'rbac.authorization.k8s.io/RoleBinding': 'there is no cluster to have rights in: remove it',
  'rbac.authorization.k8s.io/ClusterRole': 'there is no cluster to have rights in: remove it',
  'rbac.authorization.k8s.io/ClusterRoleBinding': 'there is no cluster to have rights in: remove it',
  'apiextensions.k8s.io/CustomResourceDefinition': 'the schemas are built in: remove it',
};
