/**
 * What a test puts between its client and its upstreams. Envoy's configuration and the filter configuration are both made
 * of this, as the control plane makes both of one AIGatewayRoute.
 */
export interface GatewayPlan {
  readonly routes: readonly RoutePlan[];
  /** Listeners by name with their buffer limit in bytes; one `main` with room for large bodies when absent. */
  readonly listeners?: Readonly<Record<string, number>>;
  readonly costs?: readonly CostDocument[];
  readonly routeCosts?: readonly (CostDocument & { routeName: string; backend?: string; model?: string })[];
  readonly models?: readonly ModelDocument[];
  readonly modelsByHost?: Readonly<Record<string, readonly ModelDocument[]>>;
  readonly unscopedModels?: readonly ModelDocument[];
}

export interface RoutePlan {
  /** `<namespace>/<name>` of the AIGatewayRoute. */
  readonly name: string;
  readonly rules: readonly RulePlan[];
}

export interface RulePlan {
  /** Value of the routing header; a rule without one takes whatever the rules before it leave. */
  readonly model?: string;
  /** In order of preference: priority 0, 1, … unless they say otherwise. */
  readonly backends: readonly BackendPlan[];
  readonly timeoutMs?: number;
  /** Buffer limit of connections to the backends; room for large bodies when absent. */
  readonly bufferBytes?: number;
  /** `envoy.config.route.v3.RetryPolicy`; a new attempt goes to the next priority. */
  readonly retry?: Readonly<Record<string, unknown>>;
}

/** The keys of a backend in the filter configuration, but for its identity. @see spec extproc.md section 2 */
export interface BackendDocument {
  readonly namespace?: string;
  readonly modelNameOverride?: string;
  readonly schema?: { readonly name: string; readonly version?: string; readonly prefix?: string };
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly httpHeaderMutation?: {
    readonly set?: readonly { readonly name: string; readonly value: string }[];
    readonly remove?: readonly string[];
  };
  readonly httpBodyMutation?: {
    readonly set?: readonly { readonly path: string; readonly value: string }[];
    readonly remove?: readonly string[];
  };
  readonly translationPolicy?: 'strict' | 'lenient';
  readonly providerResources?: 'allow' | 'refuse';
}

export interface BackendPlan extends BackendDocument {
  /** `<namespace>/<name>` of the AIServiceBackend. */
  readonly name: string;
  /** Where it listens on 127.0.0.1. */
  readonly upstream: { readonly port: number; readonly protocol: 'http1' | 'http2' };
  readonly priority?: number;
  /** False: Envoy knows it, the filter configuration does not. */
  readonly isInFilterConfig?: boolean;
}

export interface CostDocument {
  readonly metadataKey: string;
  readonly type: string;
  readonly cel?: string;
  readonly arithmetic?: 'strict' | 'promote';
}

export interface ModelDocument {
  readonly Name: string;
  readonly OwnedBy: string;
  readonly CreatedAt: string;
  readonly Scopes?: readonly Readonly<Record<string, string>>[];
}

/** Name of a backend in both configurations. @see spec extproc.md section 2, `name` */
export const identityOf = (route: RoutePlan, rule: number, ref: number): string =>
  `${route.rules[rule]!.backends[ref]!.name}/route/${route.name.split('/')[1]}/rule/${rule}/ref/${ref}`;

/** Name of a rule's cluster. @see spec extension-server.md section 4 */
export const clusterOf = (route: RoutePlan, rule: number): string => `httproute/${route.name}/rule/${rule}`;

/** Retries on what a fallback is for, at once, each attempt one priority further. */
export const FALLBACK_RETRY: Readonly<Record<string, unknown>> = {
  retry_on: 'connect-failure,refused-stream,reset,retriable-status-codes',
  retriable_status_codes: [429, 500, 502, 503],
  num_retries: 3,
  retry_back_off: { base_interval: '0.01s', max_interval: '0.02s' },
  retry_priority: {
    name: 'envoy.retry_priorities.previous_priorities',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
      update_frequency: 1,
    },
  },
};
