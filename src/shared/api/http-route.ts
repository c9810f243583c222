import type { Condition } from './conditions.js';
import type { KubeObject } from './kube-object.js';

/**
 * The part of Gateway API `HTTPRoute` (v1) and of Envoy Gateway's `HTTPRouteFilter` (v1alpha1) that AI routes are made
 * of. An absent member has the default of its API, named beside it. @see spec controller.md section 6
 */
export interface HTTPRoute extends KubeObject {
  readonly apiVersion: 'gateway.networking.k8s.io/v1';
  readonly kind: 'HTTPRoute';
  readonly spec: HTTPRouteSpec;
  /** Written by the controllers of the parents. */
  readonly status?: { readonly parents?: readonly RouteParentStatus[] };
}

export interface RouteParentStatus {
  readonly parentRef: ParentReference;
  readonly controllerName: string;
  readonly conditions?: readonly Condition[];
}

export interface HTTPRouteSpec {
  readonly parentRefs?: readonly ParentReference[];
  /** Absent or empty: the hostname of the listener. */
  readonly hostnames?: readonly string[];
  /** In the order of precedence among equal matches; at most {@link httpRouteLimits}.rulesMax. */
  readonly rules?: readonly HTTPRouteRule[];
}

export interface ParentReference {
  /** Default `gateway.networking.k8s.io`. */
  readonly group?: string;
  /** Default `Gateway`. */
  readonly kind?: string;
  readonly name: string;
  /** Default: the namespace of the route. */
  readonly namespace?: string;
  /** One listener of the Gateway; absent: all that admit the route. */
  readonly sectionName?: string;
  readonly port?: number;
}

export interface HTTPRouteRule {
  readonly name?: string;
  /** Any one match is enough. Absent or empty: every request (`PathPrefix` `/`). */
  readonly matches?: readonly HTTPRouteMatch[];
  readonly filters?: readonly HTTPRouteRuleFilter[];
  /** Absent or empty: no backend; the answer is 500 unless a filter answers. */
  readonly backendRefs?: readonly HTTPBackendRef[];
  readonly timeouts?: RouteTimeouts;
}

/** All members of one match must hold. */
export interface HTTPRouteMatch {
  readonly path?: HTTPPathMatch;
  readonly headers?: readonly HTTPHeaderMatch[];
}

export interface HTTPPathMatch {
  /** Default `PathPrefix`, which compares whole path segments. */
  readonly type?: 'Exact' | 'PathPrefix' | 'RegularExpression';
  /** Default `/`. */
  readonly value?: string;
}

export interface HTTPHeaderMatch {
  /** Names compare without case. */
  readonly name: string;
  /** Default `Exact`. */
  readonly type?: 'Exact' | 'RegularExpression';
  readonly value: string;
}

export interface HTTPRouteRuleFilter {
  readonly type: 'ExtensionRef';
  readonly extensionRef: { readonly group: string; readonly kind: string; readonly name: string };
}

export interface HTTPBackendRef {
  /** Default: the core group. */
  readonly group?: string;
  /** Default `Service`. */
  readonly kind?: string;
  readonly name: string;
  /** Default: the namespace of the route; another one needs a ReferenceGrant from `HTTPRoute`. */
  readonly namespace?: string;
  readonly port?: number;
  /** Default 1; 0 sends nothing; at most {@link httpRouteLimits}.weightMax. */
  readonly weight?: number;
}

/** Gateway API durations (`60s`, `1h30m`); `0s` switches the timeout off. */
export interface RouteTimeouts {
  /** From the client's request to the end of the answer, retries included. */
  readonly request?: string;
  /** Of one attempt; not longer than `request`. */
  readonly backendRequest?: string;
}

/** Limits of the HTTPRoute CRD, Gateway API 1.5. @see spec api.md section 10 */
export const httpRouteLimits = {
  rulesMax: 16,
  matchesPerRuleMax: 64,
  /** Of all rules together; a rule without matches counts as one. */
  matchesMax: 128,
  backendRefsPerRuleMax: 16,
  weightMax: 1_000_000,
} as const;

/** Envoy Gateway's filter, referred to by `ExtensionRef`; exactly one of the two members of `spec`. */
export interface HTTPRouteFilter extends KubeObject {
  readonly apiVersion: 'gateway.envoyproxy.io/v1alpha1';
  readonly kind: 'HTTPRouteFilter';
  readonly spec: {
    readonly urlRewrite?: {
      /** `Backend`: the Host header becomes the hostname of the chosen endpoint. */
      readonly hostname: { readonly type: 'Backend' };
    };
    readonly directResponse?: {
      readonly contentType?: string;
      readonly statusCode: number;
      readonly body?: { readonly type: 'Inline'; readonly inline: string };
    };
  };
}
