import type {
  AIGatewayRouteSpec,
  AIServiceBackendSpec,
  BackendSecurityPolicySpec,
  GatewayConfigSpec,
} from '../../gen/crd/kinds.js';
import type { KubeObject } from './kube-object.js';

/*
 * The custom resources of `aigateway.envoyproxy.io` in their storage versions. Their members are generated from the
 * schemas (`scripts/crds`). `spec` is optional because the schemas admit objects without it; defaults of the schema may
 * be missing when objects come from files. @see spec api.md sections 2 to 6
 */
export type {
  AIGatewayRouteBackendRef,
  AIGatewayRouteMatch,
  AIGatewayRouteRule,
  BackendObjectReference,
  HTTPBodyMutation,
  HTTPHeaderMutation,
  KubernetesContainerSpec as ExtProcContainerOverrides,
  LLMRequestCost,
  SecretCredential,
  SecretObjectReference,
  VersionedAPISchema,
} from '../../gen/crd/kinds.js';

export interface AIGatewayRoute extends KubeObject {
  readonly kind: 'AIGatewayRoute';
  /** Partial: a route without `spec` is read as one with an empty `spec`. */
  readonly spec?: Partial<AIGatewayRouteSpec>;
}

export interface AIServiceBackend extends KubeObject {
  readonly kind: 'AIServiceBackend';
  readonly spec?: AIServiceBackendSpec;
}

export type CredentialType = BackendSecurityPolicySpec['type'];

/** Exactly the credential member that belongs to `type` is present. */
export interface BackendSecurityPolicy extends KubeObject {
  readonly kind: 'BackendSecurityPolicy';
  readonly spec?: BackendSecurityPolicySpec;
}

/** Named by the annotation `aigateway.envoyproxy.io/gateway-config` of a Gateway of the same namespace. */
export interface GatewayConfig extends KubeObject {
  readonly kind: 'GatewayConfig';
  readonly spec?: GatewayConfigSpec;
}
