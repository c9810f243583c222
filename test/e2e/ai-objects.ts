import type {
  AIGatewayRoute,
  AIGatewayRouteBackendRef,
  AIGatewayRouteRule,
  AIServiceBackend,
  BackendSecurityPolicy,
  GatewayConfig,
} from '../../src/shared/api/ai-gateway.js';
import type { Backend, BackendTrafficPolicy } from '../../src/shared/api/envoy-gateway.js';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { fqdnBackend, gateway, gatewayClass } from '../harness/kube/test-gateway-objects.js';
import type { E2eWorld } from './e2e-world.js';

/** Objects that specs start from, in the namespace `default` unless they say otherwise. */
export const GATEWAY = 'e2e';
const AI_GATEWAY = 'aigateway.envoyproxy.io/v1beta1';
const DEFAULT = 'default';

/** A Gateway on the port of the world. */
export const gatewayObjects = (world: E2eWorld): readonly KubeObject[] => [
  gatewayClass(),
  gateway(GATEWAY, world.port),
];

/** The same Gateway with a GatewayConfig. */
export const gatewayWithConfig = (world: E2eWorld, config: string): KubeObject => {
  const { metadata, ...object } = gateway(GATEWAY, world.port);
  return { ...object, metadata: { ...metadata, annotations: { 'aigateway.envoyproxy.io/gateway-config': config } } };
};

/** Environment of the External Processor. */
export const gatewayConfig = (
  name: string,
  env: readonly { readonly name: string; readonly value: string }[],
): GatewayConfig => ({
  apiVersion: AI_GATEWAY,
  kind: 'GatewayConfig',
  metadata: { namespace: DEFAULT, name },
  spec: { extProc: { kubernetes: { env } } },
});

export const aiRoute = (
  name: string,
  rules: readonly AIGatewayRouteRule[],
  more: Partial<AIGatewayRoute['spec']> = {},
): AIGatewayRoute => ({
  apiVersion: AI_GATEWAY,
  kind: 'AIGatewayRoute',
  metadata: { namespace: DEFAULT, name },
  spec: { parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: GATEWAY }], rules, ...more },
});

/** A rule for one model, or several; a backend by its name alone is one without weight or priority. */
export const ruleFor = (
  models: string | readonly string[],
  ...backends: readonly (string | AIGatewayRouteBackendRef)[]
): AIGatewayRouteRule => ({
  matches: [models].flat().map((value) => ({ headers: [{ name: 'x-ai-eg-model', value }] })),
  backendRefs: backends.map((backend) => (typeof backend === 'string' ? { name: backend } : backend)),
});

/** An AIServiceBackend of OpenAI's schema for the Backend of the same name. */
export const serviceBackend = (name: string, namespace = DEFAULT): AIServiceBackend => ({
  apiVersion: AI_GATEWAY,
  kind: 'AIServiceBackend',
  metadata: { namespace, name },
  spec: {
    schema: { name: 'OpenAI' },
    backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name },
  },
});

/** A provider of the test by a name below `test`: Backend and AIServiceBackend. */
export const provider = (name: string, port: number, namespace = DEFAULT): readonly KubeObject[] => {
  const backend = fqdnBackend(name, port);
  return [{ ...backend, metadata: { namespace, name } }, serviceBackend(name, namespace)];
};

/**
 * The same by an IP address. Envoy Gateway refuses loopback addresses; `0.0.0.0` is not one, and connections to it go to
 * this machine (Linux, tcp(7) INADDR_ANY).
 */
export const ipProvider = (name: string, port: number): readonly KubeObject[] => {
  const backend: Backend = { ...fqdnBackend(name, port), spec: { endpoints: [{ ip: { address: '0.0.0.0', port } }] } };
  return [backend, serviceBackend(name)];
};

/** The key that a provider of this name gets, in a Secret of the same name. */
export const apiKey = (name: string, key: string, namespace = DEFAULT): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace, name },
  stringData: { apiKey: key },
});

/** Gives the AIServiceBackend of the same name the key in the Secret of the same name. */
export const apiKeyPolicy = (name: string, namespace = DEFAULT): BackendSecurityPolicy => ({
  apiVersion: AI_GATEWAY,
  kind: 'BackendSecurityPolicy',
  metadata: { namespace, name },
  spec: {
    type: 'APIKey',
    targetRefs: [{ group: 'aigateway.envoyproxy.io', kind: 'AIServiceBackend', name }],
    apiKey: { secretRef: { name } },
  },
});

/** One attempt for each priority of the HTTPRoute of that name. */
export const fallbackPolicy = (httpRoute: string): BackendTrafficPolicy => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'BackendTrafficPolicy',
  metadata: { namespace: DEFAULT, name: httpRoute },
  spec: {
    targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: httpRoute }],
    retry: {
      numAttemptsPerPriority: 1,
      numRetries: 3,
      perRetry: { backOff: { baseInterval: '10ms', maxInterval: '50ms' }, timeout: '5s' },
      retryOn: { triggers: ['connect-failure', 'reset', 'retriable-status-codes'], httpStatusCodes: [429, 500, 503] },
    },
  },
});
