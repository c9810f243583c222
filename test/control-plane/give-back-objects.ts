import { ENVOY_GATEWAY_NAMESPACE } from './controller-world.js';
import { backendYaml, gatewayYaml } from './controller-world.js';

const PARENTS = '[{ name: edge, kind: Gateway, group: gateway.networking.k8s.io }]';
const model = (name: string) => `{ headers: [{ name: x-ai-eg-model, value: ${name} }] }`;

/** A route with these rules, in YAML's flow style; `metadata` beside its name. */
export const routeOf = (name: string, rules: string, metadata = ''): string => `
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: { name: ${name}, namespace: default, ${metadata} }
spec: { parentRefs: ${PARENTS}, rules: [${rules}] }
`;

/** For one model. */
export const plainRoute = (name: string): string =>
  routeOf(name, `{ matches: [${model(`model-of-${name}`)}], backendRefs: [{ name: openai }] }`);

/** As many matches as a rule of an HTTPRoute holds. */
export const largeRule = (prefix: string): string => {
  const matches = Array.from({ length: 64 }, (_, index) => model(`${prefix}-${index}`));
  return `{ matches: [${matches.join(', ')}], backendRefs: [{ name: openai }] }`;
};

/** What users of the reference have, with one route for each form that an ordinary HTTPRoute takes. */
export const USERS_OBJECTS = `${gatewayYaml('edge').replace(
  'namespace: default }',
  'namespace: default, annotations: { aigateway.envoyproxy.io/gateway-config: tuned } }',
)}
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: GatewayConfig
metadata: { name: tuned, namespace: default }
spec:
  extProc: { kubernetes: { env: [{ name: A, value: b }] } }
  globalLLMRequestCosts: [{ metadataKey: tokens, type: TotalToken }]
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: to-team, namespace: team }
spec:
  from:
    - { group: aigateway.envoyproxy.io, kind: AIGatewayRoute, namespace: default }
    - { group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default }
  to:
    - { group: aigateway.envoyproxy.io, kind: AIServiceBackend }
    - { group: gateway.envoyproxy.io, kind: Backend }
---
${backendYaml('openai', 'PLANTED-sk-openai')}
---
${backendYaml('other', 'PLANTED-sk-other')}
---
${backendYaml('far', 'PLANTED-sk-far', 'team')}
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: { name: llm, namespace: default, labels: { team: blue }, annotations: { example.test/owner: somebody } }
spec:
  parentRefs: ${PARENTS}
  hostnames: [ai.test]
  rules:
    - name: two
      matches:
        - ${model('a')}
        - headers:
            - { name: x-ai-eg-model, value: b }
            - { name: x-tier, type: RegularExpression, value: "gold|silver" }
      backendRefs: [{ name: openai, weight: 3 }, { name: other, priority: 1 }]
      timeouts: { request: 30s, backendRequest: 10s }
    - { backendRefs: [{ name: other }] }
    - { matches: [${model('nobody')}] }
---
${routeOf('crossing', `{ matches: [${model('c')}], backendRefs: [{ name: far, namespace: team }] }`)}
---
${routeOf('pooled', `{ matches: [${model('p')}], backendRefs: [{ group: inference.networking.k8s.io, kind: InferencePool, name: pool }] }`)}
---
${routeOf(
  'marked',
  `{ matches: [${model('m')}], backendRefs: [{ name: openai }] }`,
  'labels: { team: red, app.kubernetes.io/managed-by: Helm }, annotations: { meta.helm.sh/release-name: models }',
)}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: mine, namespace: default, labels: { team: blue }, annotations: { example.test/owner: somebody } }
spec: { parentRefs: [{ name: edge }], hostnames: [mine.test] }
`;

const EDGE_LABELS = `{ app.kubernetes.io/managed-by: envoy-gateway, gateway.envoyproxy.io/owning-gateway-name: edge, gateway.envoyproxy.io/owning-gateway-namespace: default }`;

/** What Envoy Gateway runs for the Gateway, with the processor that the webhook of the reference has put into the pod. */
export const PROXIES = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: envoy-edge, namespace: ${ENVOY_GATEWAY_NAMESPACE}, labels: ${EDGE_LABELS} }
spec:
  selector: { matchLabels: { app: envoy-edge } }
  template:
    metadata: { labels: { app: envoy-edge } }
    spec: { containers: [{ name: envoy, image: envoy }] }
---
apiVersion: v1
kind: Pod
metadata: { name: envoy-edge-1, namespace: ${ENVOY_GATEWAY_NAMESPACE}, labels: ${EDGE_LABELS} }
spec:
  containers: [{ name: envoy, image: envoy }]
  initContainers:
    - name: ai-gateway-extproc
      image: docker.io/envoyproxy/ai-gateway-extproc:v1.1.0
      restartPolicy: Always
      args: [-logLevel, info]
`;
