import type { LocalObjectReference, PolicyTarget, SecretReference } from './gateway-api.js';
import type { HTTPBackendRef } from './http-route.js';
import type { KubeObject } from './kube-object.js';

/**
 * The kinds of `gateway.envoyproxy.io/v1alpha1` that the standalone translator reads, besides `HTTPRouteFilter`
 * (`http-route.ts`). Only the supported members; an absent member has the default named beside it.
 * Durations are Gateway API durations (`1h30m`, `500ms`); sizes are Kubernetes quantities in bytes (`50Mi`).
 * @see Envoy Gateway 1.8, https://gateway.envoyproxy.io/docs/api/extension_types/
 */
export interface Backend extends KubeObject {
  readonly kind: 'Backend';
  readonly spec: {
    /** Default `Endpoints`, the only supported one. */
    readonly type?: string;
    readonly endpoints?: readonly BackendEndpoint[];
    /** `gateway.envoyproxy.io/h2c`, `…/ws`, `…/wss`. */
    readonly appProtocols?: readonly string[];
    /** Used only while no other backend of the rule is healthy. Default false. */
    readonly fallback?: boolean;
    /** TLS towards the endpoints; a BackendTLSPolicy wins member by member. */
    readonly tls?: BackendTls;
  };
}

/** Exactly one of `fqdn`, `ip`, `unix`. */
export interface BackendEndpoint {
  readonly fqdn?: { readonly hostname: string; readonly port: number };
  readonly ip?: { readonly address: string; readonly port: number };
  readonly unix?: { readonly path: string };
  readonly hostname?: string;
}

export interface BackendTls {
  readonly caCertificateRefs?: readonly LocalObjectReference[];
  readonly wellKnownCACertificates?: string;
  readonly insecureSkipVerify?: boolean;
  readonly sni?: string;
  readonly alpnProtocols?: readonly string[];
  readonly clientCertificateRef?: SecretReference;
  /** Default `1.2`. */
  readonly minVersion?: TlsVersion;
  /** Default `1.3`. */
  readonly maxVersion?: TlsVersion;
}

export type TlsVersion = 'Auto' | '1.0' | '1.1' | '1.2' | '1.3';

/** A policy names one target or several; both members count. */
export interface PolicyTargets {
  readonly targetRef?: PolicyTarget;
  readonly targetRefs?: readonly PolicyTarget[];
}

/** How requests travel to backends. The most specific policy wins as a whole. */
export interface BackendTrafficPolicy extends KubeObject {
  readonly kind: 'BackendTrafficPolicy';
  readonly spec: PolicyTargets & {
    readonly retry?: RetrySettings;
    readonly timeout?: {
      readonly tcp?: { readonly connectTimeout?: string };
      readonly http?: {
        /** Used when the HTTPRoute rule has no timeout of its own. */
        readonly requestTimeout?: string;
        readonly streamIdleTimeout?: string;
        readonly maxStreamDuration?: string;
        readonly connectionIdleTimeout?: string;
        readonly maxConnectionDuration?: string;
      };
    };
    readonly healthCheck?: {
      readonly passive?: PassiveHealthCheck;
      /** Percent, default 50. */ readonly panicThreshold?: number;
    };
    readonly circuitBreaker?: CircuitBreakerSettings;
    readonly connection?: { readonly bufferLimit?: Quantity };
    /** Default `LeastRequest`. */
    readonly loadBalancer?: { readonly type: string };
    readonly requestBuffer?: { readonly limit: Quantity };
  };
}

/** Kubernetes quantity: `50Mi`, `1.5G`, `32768`. */
export type Quantity = string | number;

export interface RetrySettings {
  /** Default 2. */
  readonly numRetries?: number;
  /** Attempts at one priority before the next one is tried; absent or 0: stays at the first. */
  readonly numAttemptsPerPriority?: number;
  readonly retryOn?: { readonly triggers?: readonly string[]; readonly httpStatusCodes?: readonly number[] };
  readonly perRetry?: {
    readonly timeout?: string;
    readonly backOff?: { readonly baseInterval?: string; readonly maxInterval?: string };
  };
}

/** Defaults: 5 errors (consecutive5XxErrors), interval 3s, ejection 30s, at most 10 percent of the endpoints. */
export interface PassiveHealthCheck {
  readonly consecutive5XxErrors?: number;
  readonly consecutiveGatewayErrors?: number;
  readonly consecutiveLocalOriginFailures?: number;
  readonly splitExternalLocalOriginErrors?: boolean;
  readonly interval?: string;
  readonly baseEjectionTime?: string;
  readonly maxEjectionPercent?: number;
  readonly failurePercentageThreshold?: number;
  readonly alwaysEjectOneEndpoint?: boolean;
}

/** Default 1024 each. */
export interface CircuitBreakerSettings {
  readonly maxConnections?: number;
  readonly maxPendingRequests?: number;
  readonly maxParallelRequests?: number;
  readonly maxParallelRetries?: number;
  readonly maxRequestsPerConnection?: number;
  readonly perEndpoint?: { readonly maxConnections?: number };
  readonly retryBudget?: {
    readonly percent: { readonly numerator: number; readonly denominator?: number };
    readonly minRetryConcurrency?: number;
  };
}

/** How clients are served. A policy for a listener wins over one for the Gateway. */
export interface ClientTrafficPolicy extends KubeObject {
  readonly kind: 'ClientTrafficPolicy';
  readonly spec: PolicyTargets & {
    readonly connection?: { readonly bufferLimit?: Quantity };
    readonly timeout?: {
      readonly http?: {
        readonly requestReceivedTimeout?: string;
        readonly idleTimeout?: string;
        readonly streamIdleTimeout?: string;
      };
    };
  };
}

/** Who may send requests. The most specific policy wins as a whole. */
export interface SecurityPolicy extends KubeObject {
  readonly kind: 'SecurityPolicy';
  readonly spec: PolicyTargets & {
    readonly apiKeyAuth?: ApiKeyAuthSettings;
    readonly jwt?: JwtSettings;
    readonly cors?: CorsSettings;
  };
}

export interface ApiKeyAuthSettings {
  /** Secrets whose keys are client names and whose values are API keys. */
  readonly credentialRefs: readonly SecretReference[];
  readonly extractFrom: readonly {
    readonly headers?: readonly string[];
    readonly params?: readonly string[];
    readonly cookies?: readonly string[];
  }[];
  readonly forwardClientIDHeader?: string;
  readonly sanitize?: boolean;
}

export interface JwtSettings {
  /** A request without token passes. Default false. */
  readonly optional?: boolean;
  /** A token of any one of them is enough. */
  readonly providers: readonly JwtProviderSettings[];
}

export interface JwtProviderSettings {
  readonly name: string;
  readonly issuer?: string;
  readonly audiences?: readonly string[];
  readonly localJWKS?: {
    /** Default `Inline`. */
    readonly type?: 'Inline' | 'ValueRef';
    readonly inline?: string;
    /** ConfigMap; key `jwks`, else its first one. */
    readonly valueRef?: LocalObjectReference;
  };
  /** Not supported: the standalone gateway fetches nothing; reported. */
  readonly remoteJWKS?: object;
  readonly claimToHeaders?: readonly { readonly claim: string; readonly header: string }[];
  readonly recomputeRoute?: boolean;
  readonly extractFrom?: {
    readonly headers?: readonly { readonly name: string; readonly valuePrefix?: string }[];
    readonly cookies?: readonly string[];
    readonly params?: readonly string[];
  };
}

export interface CorsSettings {
  /** `*`, `https://example.com`, `https://*.example.com`, with an optional port. */
  readonly allowOrigins?: readonly string[];
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  readonly maxAge?: string;
  readonly allowCredentials?: boolean;
}

/** Settings of the Envoy process and its logs, named by `Gateway.spec.infrastructure.parametersRef`. */
export interface EnvoyProxy extends KubeObject {
  readonly kind: 'EnvoyProxy';
  readonly spec?: {
    /** Component → level; `default` for the rest. */
    readonly logging?: { readonly level?: Readonly<Record<string, string>> };
    readonly telemetry?: { readonly accessLog?: AccessLogSettings };
  };
}

export interface AccessLogSettings {
  readonly disable?: boolean;
  readonly settings?: readonly AccessLogSetting[];
}

export interface AccessLogSetting {
  /** Only `Listener`, `Route` (default) and `Upstream`. */
  readonly type?: string;
  /** CEL; a line is written when any one holds. Absent or empty: always. */
  readonly matches?: readonly string[];
  readonly format?: {
    /** Absent: whichever of the two members is present. */
    readonly type?: 'Text' | 'JSON';
    readonly text?: string;
    readonly json?: Readonly<Record<string, string>>;
  };
  readonly sinks: readonly AccessLogSink[];
}

export interface AccessLogSink {
  /** Only `File` and `OpenTelemetry`. */
  readonly type: string;
  readonly file?: { readonly path: string };
  readonly openTelemetry?: OpenTelemetrySink;
}

/** A collector that takes OTLP over gRPC. */
export interface OpenTelemetrySink {
  /** Backends, one at present. */
  readonly backendRefs: readonly HTTPBackendRef[];
  /** Sent with each export, e.g. credentials. */
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  /** Attributes of the resource, e.g. `service.name`. */
  readonly resources?: Readonly<Record<string, string>>;
}
