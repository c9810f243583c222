import type { GroupKind } from './kube-object.js';

const GATEWAY_API = 'gateway.networking.k8s.io';
const ENVOY_GATEWAY = 'gateway.envoyproxy.io';
const AI_GATEWAY = 'aigateway.envoyproxy.io';

/** Every resource type that the control plane reads or writes. */
export const kinds = {
  gatewayClass: { group: GATEWAY_API, kind: 'GatewayClass' },
  gateway: { group: GATEWAY_API, kind: 'Gateway' },
  httpRoute: { group: GATEWAY_API, kind: 'HTTPRoute' },
  referenceGrant: { group: GATEWAY_API, kind: 'ReferenceGrant' },
  backendTLSPolicy: { group: GATEWAY_API, kind: 'BackendTLSPolicy' },
  httpRouteFilter: { group: ENVOY_GATEWAY, kind: 'HTTPRouteFilter' },
  backend: { group: ENVOY_GATEWAY, kind: 'Backend' },
  backendTrafficPolicy: { group: ENVOY_GATEWAY, kind: 'BackendTrafficPolicy' },
  clientTrafficPolicy: { group: ENVOY_GATEWAY, kind: 'ClientTrafficPolicy' },
  securityPolicy: { group: ENVOY_GATEWAY, kind: 'SecurityPolicy' },
  envoyProxy: { group: ENVOY_GATEWAY, kind: 'EnvoyProxy' },
  aiGatewayRoute: { group: AI_GATEWAY, kind: 'AIGatewayRoute' },
  aiServiceBackend: { group: AI_GATEWAY, kind: 'AIServiceBackend' },
  backendSecurityPolicy: { group: AI_GATEWAY, kind: 'BackendSecurityPolicy' },
  mcpRoute: { group: AI_GATEWAY, kind: 'MCPRoute' },
  quotaPolicy: { group: AI_GATEWAY, kind: 'QuotaPolicy' },
  gatewayConfig: { group: AI_GATEWAY, kind: 'GatewayConfig' },
  secret: { group: '', kind: 'Secret' },
  configMap: { group: '', kind: 'ConfigMap' },
  service: { group: '', kind: 'Service' },
  pod: { group: '', kind: 'Pod' },
  deployment: { group: 'apps', kind: 'Deployment' },
  daemonSet: { group: 'apps', kind: 'DaemonSet' },
  customResourceDefinition: { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' },
  lease: { group: 'coordination.k8s.io', kind: 'Lease' },
  event: { group: 'events.k8s.io', kind: 'Event' },
  mutatingWebhookConfiguration: { group: 'admissionregistration.k8s.io', kind: 'MutatingWebhookConfiguration' },
  validatingWebhookConfiguration: { group: 'admissionregistration.k8s.io', kind: 'ValidatingWebhookConfiguration' },
  inferencePool: { group: 'inference.networking.k8s.io', kind: 'InferencePool' },
} as const satisfies Record<string, GroupKind>;
