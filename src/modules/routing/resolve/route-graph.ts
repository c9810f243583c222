import type {
  AIGatewayRoute,
  AIGatewayRouteBackendRef,
  AIGatewayRouteMatch,
  AIGatewayRouteRule,
  AIServiceBackend,
  BackendObjectReference,
  BackendSecurityPolicy,
  GatewayConfig,
  VersionedAPISchema,
} from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { ParentReference } from '../../../shared/api/http-route.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import type {
  AuthConfig,
  CostConfig,
  ProviderResources,
  TranslationPolicy,
} from '../../../shared/filter-config/filter-config.js';
import type { ReferenceTarget } from '../../../shared/api/reference-grants.js';

/**
 * All that one Gateway reaches, with the faults where they were found:
 *
 *     Gateway ─▶ GatewayConfig
 *        └─▶ route ─▶ rule ─▶ backend ref ─▶ AIServiceBackend ─▶ policy ─▶ Secret
 *                                        └─▶ InferencePool    ─▶ policy ─▶ Secret
 *
 * Nodes of backends and policies are shared by the refs that lead to them.
 */
export interface RouteGraph {
  readonly gateway: KubeObject;
  readonly gatewayConfig?: GatewayConfigNode;
  /** Sorted by namespace and name; routes under deletion are left out. */
  readonly routes: readonly RouteNode[];
  /** Of the Gateway itself. */
  readonly faults: readonly Fault[];
}

export interface GatewayConfigNode {
  readonly config: GatewayConfig;
  readonly costs: readonly CostConfig[];
  readonly faults: readonly Fault[];
}

export interface RouteNode {
  readonly route: AIGatewayRoute;
  readonly namespace: string;
  readonly parentRefs: readonly ParentReference[];
  /** All of them, in their order: rules are known by their index. */
  readonly rules: readonly RuleNode[];
  /** Valid ones, one for each metadata key. */
  readonly costs: readonly CostConfig[];
  readonly translationPolicy: TranslationPolicy;
  readonly providerResources: ProviderResources;
  /** Models that the route names for model lists, beside those of its exact matches. */
  readonly listedModels: readonly ListedModel[];
  /** The name of its HTTPRoute is taken by somebody else's: nothing may be generated. */
  readonly isRefused: boolean;
  /** Of the route itself; those of its refs are with the refs. */
  readonly faults: readonly Fault[];
}

export interface ListedModel {
  readonly name: string;
  /** At least one; the first tells owner and time. */
  readonly servedBy: readonly ModelServer[];
}

export interface ModelServer {
  readonly rule: AIGatewayRouteRule;
  /** Without headers when the rule has no matches. */
  readonly match: AIGatewayRouteMatch;
}

export interface RuleNode {
  readonly index: number;
  readonly rule: AIGatewayRouteRule;
  /** Empty when the rule has none. */
  readonly matches: readonly AIGatewayRouteMatch[];
  /** Never with a gap, since refs are known by their index. */
  readonly refs: readonly RefNode[];
}

export interface RefNode {
  readonly index: number;
  readonly ref: AIGatewayRouteBackendRef;
  /** Where the ref points, whether or not it exists. */
  readonly target: ReferenceTarget;
  /** Absent when it may not be followed, or leads nowhere. */
  readonly backend?: ServiceBackendNode | PoolNode;
  /** Whether requests may be sent there: the target resolved with all that it needs. */
  readonly isUsable: boolean;
  readonly faults: readonly Fault[];
}

export interface ServiceBackendNode {
  readonly kind: 'service';
  readonly object: AIServiceBackend;
  /** Absent when the object has no `spec`. */
  readonly schema?: VersionedAPISchema;
  readonly backendRef?: BackendObjectReference;
  readonly policies: readonly PolicyNode[];
  readonly auth?: AuthConfig;
  readonly faults: readonly Fault[];
}

/** An InferencePool is not looked up: its own controller says whether it is there. */
export interface PoolNode {
  readonly kind: 'pool';
  readonly policies: readonly PolicyNode[];
  readonly auth?: AuthConfig;
}

export interface PolicyNode {
  readonly policy: BackendSecurityPolicy;
  /** Absent when the credential did not resolve. */
  readonly auth?: AuthConfig;
  readonly faults: readonly Fault[];
}
