import type { Backend } from '../../../src/shared/api/envoy-gateway.js';
import { GATEWAY_CONTROLLER_NAME, type Gateway, type GatewayClass } from '../../../src/shared/api/gateway-api.js';
import type { HTTPRoute, HTTPRouteRule } from '../../../src/shared/api/http-route.js';
import type { ObjectRef } from './api.js';

export const GATEWAY_CLASS = 'test-class';
const API_VERSION = 'gateway.networking.k8s.io/v1';

/** Objects that tests start from, in the namespace `default`; change what the test is about with a spread. */
export const gatewayClass = (name = GATEWAY_CLASS): GatewayClass => ({
  apiVersion: API_VERSION,
  kind: 'GatewayClass',
  metadata: { name },
  spec: { controllerName: GATEWAY_CONTROLLER_NAME },
});

/** With one HTTP listener; Envoys under the stand-in kubelet listen on that very port of this machine. */
export const gateway = (name: string, port: number, namespace = 'default'): Gateway => ({
  apiVersion: API_VERSION,
  kind: 'Gateway',
  metadata: { namespace, name },
  spec: { gatewayClassName: GATEWAY_CLASS, listeners: [{ name: 'http', protocol: 'HTTP', port }] },
});

/** A server of the test, by a name below `test` that the harness' name server answers. */
export const fqdnBackend = (name: string, port: number, hostname = `${name}.test`): Backend => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'Backend',
  metadata: { namespace: 'default', name },
  spec: { endpoints: [{ fqdn: { hostname, port } }] },
});

export const httpRoute = (name: string, gatewayName: string, rules: readonly HTTPRouteRule[]): HTTPRoute => ({
  apiVersion: API_VERSION,
  kind: 'HTTPRoute',
  metadata: { namespace: 'default', name },
  spec: { parentRefs: [{ name: gatewayName }], rules },
});

/** A rule that sends everything to one Backend. */
export const ruleTo = (backend: string): HTTPRouteRule => ({
  backendRefs: [{ group: 'gateway.envoyproxy.io', kind: 'Backend', name: backend }],
});

export const gatewayRef = (name: string, namespace = 'default'): ObjectRef => ({
  apiVersion: API_VERSION,
  kind: 'Gateway',
  namespace,
  name,
});

interface Conditioned {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Whether a condition of the object's status is true. */
export const isTrue = (object: Conditioned | undefined, type: string): boolean =>
  (object?.status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
