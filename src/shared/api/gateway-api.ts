import type { KubeObject } from './kube-object.js';

/**
 * The kinds of Gateway API and of the core group that the standalone translator reads, besides `HTTPRoute`
 * (`http-route.ts`). Only the supported members; an absent member has the default named beside it.
 * @see Gateway API 1.5, https://gateway-api.sigs.k8s.io/reference/spec/
 */
export interface GatewayClass extends KubeObject {
  readonly kind: 'GatewayClass';
  readonly spec: {
    readonly controllerName: string;
    readonly parametersRef?: {
      readonly group: string;
      readonly kind: string;
      readonly name: string;
      readonly namespace?: string;
    };
  };
}

/** `controllerName` of the GatewayClasses that are ours. */
export const GATEWAY_CONTROLLER_NAME = 'gateway.envoyproxy.io/gatewayclass-controller';

export interface Gateway extends KubeObject {
  readonly kind: 'Gateway';
  readonly spec: {
    readonly gatewayClassName: string;
    readonly listeners?: readonly GatewayListener[];
    readonly infrastructure?: {
      /** In the namespace of the Gateway. */
      readonly parametersRef?: { readonly group: string; readonly kind: string; readonly name: string };
    };
  };
}

export interface GatewayListener {
  readonly name: string;
  /** Absent or empty: every host. `*.example.com` is every host with at least one more label. */
  readonly hostname?: string;
  /** 1 to 65535; taken as it is, also below 1024. */
  readonly port: number;
  /** `HTTP` or `HTTPS`; others are reported and not served. */
  readonly protocol: string;
  /** Needed for `HTTPS`. */
  readonly tls?: {
    /** Default `Terminate`, the only supported one. */
    readonly mode?: string;
    readonly certificateRefs?: readonly SecretReference[];
  };
  readonly allowedRoutes?: {
    readonly namespaces?: {
      /** Default `Same`. */
      readonly from?: 'All' | 'Selector' | 'Same';
      readonly selector?: LabelSelector;
    };
    /** Absent or empty: the kinds that fit the protocol. */
    readonly kinds?: readonly { readonly group?: string; readonly kind: string }[];
  };
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface SecretReference {
  /** Default: the core group. */
  readonly group?: string;
  /** Default `Secret`. */
  readonly kind?: string;
  readonly name: string;
  /** Default: the namespace of the referring object; another one needs a ReferenceGrant. */
  readonly namespace?: string;
}

/** An object of the same namespace. */
export interface LocalObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** An object of the same namespace that a policy applies to; `sectionName` is a listener, a route rule or a port. */
export interface PolicyTarget extends LocalObjectReference {
  readonly sectionName?: string;
}

/** How Envoy verifies the certificate of a backend. */
export interface BackendTLSPolicy extends KubeObject {
  readonly kind: 'BackendTLSPolicy';
  readonly spec: {
    readonly targetRefs: readonly PolicyTarget[];
    readonly validation: {
      /** Exactly one of the two. ConfigMap or Secret with key `ca.crt`. */
      readonly caCertificateRefs?: readonly LocalObjectReference[];
      readonly wellKnownCACertificates?: string;
      /** Server name that is sent, and expected in the certificate when there are no `subjectAltNames`. */
      readonly hostname: string;
      readonly subjectAltNames?: readonly {
        readonly type: 'Hostname' | 'URI';
        readonly hostname?: string;
        readonly uri?: string;
      }[];
    };
  };
}

export interface Secret extends KubeObject {
  readonly kind: 'Secret';
  /** Default `Opaque`. */
  readonly type?: string;
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
  /** Plain text, wins over `data`. */
  readonly stringData?: Readonly<Record<string, string>>;
}

export interface ConfigMap extends KubeObject {
  readonly kind: 'ConfigMap';
  readonly data?: Readonly<Record<string, string>>;
  /** Base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
}
