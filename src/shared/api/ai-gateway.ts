import type { CostType, SchemaName } from '../filter-config/filter-config.js';
import type { HTTPHeaderMatch, ParentReference, RouteTimeouts } from './http-route.js';
import type { KubeObject } from './kube-object.js';

/**
 * The custom resources of `aigateway.envoyproxy.io`, v1beta1, as far as they are honoured. `spec` is optional because
 * the schemas admit objects without it; defaults of the schema may be missing when objects come from files.
 * @see spec api.md sections 2 to 6
 */
export interface AIGatewayRoute extends KubeObject {
  readonly kind: 'AIGatewayRoute';
  readonly spec?: {
    readonly parentRefs?: readonly ParentReference[];
    readonly hostnames?: readonly string[];
    readonly rules?: readonly AIGatewayRouteRule[];
    /** Of two entries with one `metadataKey` the last counts. */
    readonly llmRequestCosts?: readonly LLMRequestCost[];
  };
}

export interface AIGatewayRouteRule {
  readonly name?: string;
  readonly backendRefs?: readonly AIGatewayRouteBackendRef[];
  readonly matches?: readonly AIGatewayRouteMatch[];
  readonly timeouts?: RouteTimeouts;
  /** Gateway API duration between two chunks of an attempt; absent or `0s`: none. */
  readonly streamIdleTimeout?: string;
  readonly modelsOwnedBy?: string;
  /** RFC 3339. */
  readonly modelsCreatedAt?: string;
}

export interface AIGatewayRouteMatch {
  readonly headers?: readonly HTTPHeaderMatch[];
}

/** An AIServiceBackend, or with `group` and `kind` an InferencePool. */
export interface AIGatewayRouteBackendRef {
  readonly name: string;
  /** Default: the namespace of the route; another one needs a ReferenceGrant. */
  readonly namespace?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly modelNameOverride?: string;
  readonly headerMutation?: HTTPHeaderMutation;
  readonly bodyMutation?: HTTPBodyMutation;
  /** Default 1. */
  readonly weight?: number;
  /** Default 0, the first to be tried. */
  readonly priority?: number;
}

export interface LLMRequestCost {
  readonly metadataKey: string;
  readonly type: CostType;
  /** Needed when `type` is `CEL`. */
  readonly cel?: string;
}

export interface HTTPHeaderMutation {
  readonly set?: readonly { readonly name: string; readonly value: string }[];
  readonly remove?: readonly string[];
}

export interface HTTPBodyMutation {
  /** `value` is text that holds JSON; `path` is a top-level member. */
  readonly set?: readonly { readonly path: string; readonly value: string }[];
  readonly remove?: readonly string[];
}

export interface VersionedAPISchema {
  readonly name: SchemaName;
  readonly version?: string;
  readonly prefix?: string;
}

export interface AIServiceBackend extends KubeObject {
  readonly kind: 'AIServiceBackend';
  readonly spec?: {
    readonly schema: VersionedAPISchema;
    /** An Envoy Gateway `Backend`; group and kind are written out. */
    readonly backendRef: BackendObjectReference;
    readonly headerMutation?: HTTPHeaderMutation;
    readonly bodyMutation?: HTTPBodyMutation;
  };
}

export interface BackendObjectReference {
  readonly group?: string;
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
  readonly port?: number;
}

export const CREDENTIAL_TYPES = [
  'APIKey',
  'AWSCredentials',
  'AzureAPIKey',
  'AzureCredentials',
  'GCPCredentials',
  'AnthropicAPIKey',
] as const;
export type CredentialType = (typeof CREDENTIAL_TYPES)[number];

/** Exactly the credential member that belongs to `type` is present. */
export interface BackendSecurityPolicy extends KubeObject {
  readonly kind: 'BackendSecurityPolicy';
  readonly spec?: {
    readonly type: CredentialType;
    readonly targetRefs?: readonly PolicyTargetReference[];
    readonly apiKey?: SecretCredential;
    readonly azureAPIKey?: SecretCredential;
    readonly anthropicAPIKey?: SecretCredential;
    readonly awsCredentials?: {
      readonly region: string;
      readonly credentialsFile?: SecretCredential & { readonly profile?: string };
      readonly oidcExchangeToken?: object;
    };
    readonly azureCredentials?: {
      readonly clientID: string;
      readonly tenantID: string;
      readonly clientSecretRef?: SecretObjectReference;
      readonly oidcExchangeToken?: object;
    };
    readonly gcpCredentials?: {
      readonly projectName: string;
      readonly region: string;
      readonly credentialsFile?: SecretCredential;
      readonly workloadIdentityFederationConfig?: object;
    };
    readonly credentialOverride?: CredentialOverride;
  };
}

export interface PolicyTargetReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

export interface SecretCredential {
  readonly secretRef: SecretObjectReference;
}

export interface SecretObjectReference {
  readonly group?: string;
  readonly kind?: string;
  readonly name: string;
  /** Default: the namespace of the policy; another one needs a ReferenceGrant. */
  readonly namespace?: string;
}

/** Exactly one member. @see spec api.md section 5.2 */
export interface CredentialOverride {
  readonly fromRequestHeaders?: {
    /** Default by credential type; a prefix for AWS. */
    readonly header?: string;
    /** Default true. */
    readonly fallbackToConfigured?: boolean;
  };
  readonly fromDynamicMetadata?: {
    readonly namespace: string;
    readonly key?: string;
    /** Default true. */
    readonly fallbackToConfigured?: boolean;
  };
}

/** Named by the annotation `aigateway.envoyproxy.io/gateway-config` of a Gateway of the same namespace. */
export interface GatewayConfig extends KubeObject {
  readonly kind: 'GatewayConfig';
  readonly spec?: {
    readonly extProc?: { readonly kubernetes?: ExtProcContainerOverrides };
    readonly globalLLMRequestCosts?: readonly LLMRequestCost[];
    readonly forwardProxy?: { readonly address: string };
  };
}

/** Envoy Gateway's KubernetesContainerSpec. @see spec api.md section 6 */
export interface ExtProcContainerOverrides {
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  /** Not both of `image` and `imageRepository`. */
  readonly image?: string;
  readonly imageRepository?: string;
  readonly resources?: object;
  /** Replaces the default one as a whole. */
  readonly securityContext?: object;
  readonly volumeMounts?: readonly object[];
}
