import { ENVOY_GATEWAY_NAMESPACE } from './chart.js';

const FINALIZER = 'aigateway.envoyproxy.io/finalizer';
const OWNING = (namespace: string) => `
    app.kubernetes.io/managed-by: envoy-gateway
    gateway.envoyproxy.io/owning-gateway-name: edge
    gateway.envoyproxy.io/owning-gateway-namespace: ${namespace}`;

/** One object at least of every kind that the controller reads, in a namespace of users. */
export const usersWorld = (namespace: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: eg }
spec: { controllerName: gateway.envoyproxy.io/gatewayclass-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: ${namespace}, annotations: { aigateway.envoyproxy.io/gateway-config: settings } }
spec: { gatewayClassName: eg, listeners: [{ name: http, protocol: HTTP, port: 80 }] }
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: GatewayConfig
metadata: { name: settings, namespace: ${namespace}, finalizers: [${FINALIZER}] }
spec: { extProc: { kubernetes: { env: [{ name: A, value: b }] } } }
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: grant, namespace: ${namespace} }
spec:
  from: [{ group: aigateway.envoyproxy.io, kind: AIGatewayRoute, namespace: elsewhere }]
  to: [{ group: aigateway.envoyproxy.io, kind: AIServiceBackend }]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: { name: openai, namespace: ${namespace} }
spec: { endpoints: [{ fqdn: { hostname: provider.test, port: 443 } }] }
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: { name: openai, namespace: ${namespace}, finalizers: [${FINALIZER}] }
spec:
  schema: { name: OpenAI }
  backendRef: { group: gateway.envoyproxy.io, kind: Backend, name: openai }
---
apiVersion: v1
kind: Secret
metadata: { name: openai-key, namespace: ${namespace} }
stringData: { apiKey: PLANTED-sk-test }
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: BackendSecurityPolicy
metadata: { name: openai-key, namespace: ${namespace}, finalizers: [${FINALIZER}] }
spec:
  type: APIKey
  targetRefs: [{ group: aigateway.envoyproxy.io, kind: AIServiceBackend, name: openai }]
  apiKey: { secretRef: { name: openai-key } }
---
apiVersion: v1
kind: Service
metadata: { name: picker, namespace: ${namespace} }
spec: { ports: [{ port: 9002 }] }
---
apiVersion: inference.networking.k8s.io/v1
kind: InferencePool
metadata: { name: pool, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: model } }
  targetPorts: [{ number: 8000 }]
  endpointPickerRef: { name: picker, port: { number: 9002 } }
---
${route(namespace, 'llm', 'gpt-4o')}
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: { name: pooled, namespace: ${namespace} }
spec:
  parentRefs: [{ name: edge, kind: Gateway, group: gateway.networking.k8s.io }]
  rules:
    - matches: [{ headers: [{ name: x-ai-eg-model, value: local }] }]
      backendRefs: [{ group: inference.networking.k8s.io, kind: InferencePool, name: pool }]
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: MCPRoute
metadata: { name: tools, namespace: ${namespace}, finalizers: [${FINALIZER}] }
spec:
  parentRefs: [{ name: edge, kind: Gateway, group: gateway.networking.k8s.io }]
  backendRefs: [{ group: gateway.envoyproxy.io, kind: Backend, name: openai }]
---
apiVersion: aigateway.envoyproxy.io/v1alpha1
kind: QuotaPolicy
metadata: { name: quota, namespace: ${namespace}, finalizers: [${FINALIZER}] }
spec:
  targetRefs: [{ group: aigateway.envoyproxy.io, kind: AIServiceBackend, name: openai }]
  serviceQuota: { quota: { limit: 10, duration: 1m } }
`;

export const route = (namespace: string, name: string, model: string): string => `
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: { name: ${name}, namespace: ${namespace}, finalizers: [${FINALIZER}] }
spec:
  parentRefs: [{ name: edge, kind: Gateway, group: gateway.networking.k8s.io }]
  rules:
    - matches: [{ headers: [{ name: x-ai-eg-model, value: ${model} }] }]
      backendRefs: [{ name: openai }]`;

/** What Envoy Gateway runs for the Gateway: a Deployment and, so that its rights are used too, a DaemonSet. */
export const proxiesWorld = (namespace: string): string =>
  ['Deployment', 'DaemonSet']
    .map(
      (kind) => `
apiVersion: apps/v1
kind: ${kind}
metadata:
  name: envoy-${namespace}-edge
  namespace: ${ENVOY_GATEWAY_NAMESPACE}
  labels:${OWNING(namespace)}
spec:
  selector: { matchLabels: { app: envoy-${namespace} } }
  template:
    metadata: { labels: { app: envoy-${namespace} } }
    spec: { containers: [{ name: envoy, image: envoy }] }
`,
    )
    .join('---');

export const proxyPod = (namespace: string, name: string): string => `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: ${ENVOY_GATEWAY_NAMESPACE}
  labels:${OWNING(namespace)}
spec: { containers: [{ name: envoy, image: envoy }] }
`;
