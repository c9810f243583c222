import { EXT_PROC_CLUSTER, EXT_PROC_FILTER } from '../../src/modules/extension-server/edits/xds-names.js';
import { insertionIndex } from '../../src/modules/extension-server/edits/router-filter.js';
import { INTERNAL_METADATA_NAMESPACE, internalMetadata } from '../../src/shared/headers.js';
import { httpProtocolOptions, routerExtProc, routerFilter, upstreamFilters } from './envoy-filters.js';
import {
  clusterOf,
  identityOf,
  type BackendPlan,
  type GatewayPlan,
  type RoutePlan,
  type RulePlan,
} from './gateway-plan.js';

/** Room for every body of the tests but those that are to be refused. */
export const LARGE_BUFFER_BYTES = 50 * 1024 * 1024;

export interface EnvoyPlan extends GatewayPlan {
  /** HTTP filters besides ours and the router; ours takes its place among them as in production. */
  readonly filters?: readonly HttpFilterDocument[];
  /** Routes in front of all AI routes, as they are. */
  readonly plainRoutes?: readonly object[];
  /** `typed_per_filter_config` of the authenticated routes, and the fingerprint of it, by name of the AIGatewayRoute. */
  readonly authentication?: Readonly<Record<string, { readonly domain: string; readonly perFilterConfig: object }>>;
  readonly forwardingNamespaces?: readonly string[];
}

export interface HttpFilterDocument {
  readonly name: string;
  readonly disabled?: boolean;
  readonly typed_config: object;
}

export interface EnvoyPaths {
  readonly extprocSocket: string;
  readonly accessLog: string;
  /** File of the route configuration; renamed into its directory it is read again. */
  readonly routes: string;
  readonly routesDirectory: string;
}

/** A bootstrap with everything static but the routes. Ports are 0: the admin interface tells which they became. */
export function envoyBootstrap(plan: EnvoyPlan, paths: EnvoyPaths): object {
  const listeners = plan.listeners ?? { main: LARGE_BUFFER_BYTES };
  return {
    admin: { address: loopback(0) },
    node: { id: 'test', cluster: 'test' },
    static_resources: {
      listeners: Object.entries(listeners).map(([name, bufferBytes]) => listenerOf(name, bufferBytes, plan, paths)),
      clusters: [
        ...plan.routes.flatMap((route) =>
          route.rules.map((rule, index) => clusterConfig(route, rule, index, plan.forwardingNamespaces ?? [])),
        ),
        extProcCluster(paths.extprocSocket),
      ],
    },
  };
}

/** A DiscoveryResponse with the one route configuration of all listeners. */
export const routesDocument = (plan: EnvoyPlan): object => ({
  resources: [
    {
      '@type': 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
      name: 'routes',
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            ...(plan.plainRoutes ?? []),
            ...plan.routes.flatMap((route) => route.rules.map((rule, index) => routeOf(plan, route, rule, index))),
            ...plan.routes.map((route) => routeNotFound(plan, route)),
          ],
        },
      ],
    },
  ],
});

const loopback = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } });

/** Everything that the tests read from access logs; `ai` is the whole name space. */
const ACCESS_LOG_FORMAT = {
  case: '%REQ(X-TEST-CASE)%',
  status: '%RESPONSE_CODE%',
  details: '%RESPONSE_CODE_DETAILS%',
  flags: '%RESPONSE_FLAGS%',
  attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
  model: '%REQ(X-AI-EG-MODEL)%',
  originalPath: '%REQ(X-AI-EG-ORIGINAL-PATH)%',
  envoyOriginalPath: '%REQ(X-ENVOY-ORIGINAL-PATH)%',
  ai: '%DYNAMIC_METADATA(io.envoy.ai_gateway)%',
};

function listenerOf(name: string, bufferBytes: number, plan: EnvoyPlan, paths: EnvoyPaths): object {
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: name,
    use_remote_address: true,
    normalize_path: true,
    scheme_header_transformation: { match_upstream: true },
    // As the extension server sets it: the first match, before the model is known, has no say in upgrades.
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    http_protocol_options: { enable_trailers: true },
    rds: {
      route_config_name: 'routes',
      config_source: {
        resource_api_version: 'V3',
        path_config_source: { path: paths.routes, watched_directory: { path: paths.routesDirectory } },
      },
    },
    access_log: [
      {
        name: 'envoy.access_loggers.file',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog',
          path: paths.accessLog,
          log_format: { json_format: ACCESS_LOG_FORMAT },
        },
      },
    ],
    http_filters: withExtProc([...(plan.filters ?? []), routerFilter()]),
  };
  return {
    name,
    address: loopback(0),
    per_connection_buffer_limit_bytes: bufferBytes,
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] }],
  };
}

const withExtProc = (filters: readonly HttpFilterDocument[]) =>
  filters.toSpliced(insertionIndex(filters, []) ?? 0, 0, routerExtProc());

function aiRoute(plan: EnvoyPlan, route: RoutePlan): object {
  const authentication = plan.authentication?.[route.name];
  const ours = {
    [internalMetadata.routeName]: route.name,
    ...(authentication ? { [internalMetadata.authDomain]: authentication.domain } : {}),
  };
  return {
    metadata: { filter_metadata: { [INTERNAL_METADATA_NAMESPACE]: ours } },
    typed_per_filter_config: {
      [EXT_PROC_FILTER]: { '@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig', config: {} },
      ...authentication?.perFilterConfig,
    },
  };
}

const exactly = (name: string, exact: string) => ({ name, string_match: { exact } });

function routeOf(plan: EnvoyPlan, route: RoutePlan, rule: RulePlan, index: number): object {
  return {
    name: `${clusterOf(route, index)}/match/0/*`,
    match: { prefix: '/', ...(rule.model === undefined ? {} : { headers: [exactly('x-ai-eg-model', rule.model)] }) },
    route: {
      cluster: clusterOf(route, index),
      auto_host_rewrite: true,
      append_x_forwarded_host: true,
      timeout: `${(rule.timeoutMs ?? 60_000) / 1000}s`,
      ...(rule.retry ? { retry_policy: rule.retry } : {}),
    },
    ...aiRoute(plan, route),
  };
}

/** The last rule of every AIGatewayRoute. */
const routeNotFound = (plan: EnvoyPlan, route: RoutePlan): object => ({
  name: `${clusterOf(route, route.rules.length)}/match/0/*`,
  match: { prefix: '/' },
  direct_response: { status: 404, body: { inline_string: 'No matching route found.' } },
  ...aiRoute(plan, route),
});

const UNLIMITED = 4_294_967_295;
const WITHOUT_LIMITS = {
  thresholds: [
    { max_connections: UNLIMITED, max_pending_requests: UNLIMITED, max_requests: UNLIMITED, max_retries: UNLIMITED },
  ],
};

function clusterConfig(
  route: RoutePlan,
  rule: RulePlan,
  index: number,
  forwardingNamespaces: readonly string[],
): object {
  const name = clusterOf(route, index);
  const isHttp2 = rule.backends[0]?.upstream.protocol === 'http2';
  return {
    name,
    type: 'STATIC',
    connect_timeout: '2s',
    per_connection_buffer_limit_bytes: rule.bufferBytes ?? LARGE_BUFFER_BYTES,
    circuit_breakers: WITHOUT_LIMITS,
    typed_extension_protocol_options: httpProtocolOptions({
      explicit_http_config: isHttp2
        ? { http2_protocol_options: {} }
        : { http_protocol_options: { enable_trailers: true } },
      http_filters: upstreamFilters(forwardingNamespaces),
    }),
    load_assignment: {
      cluster_name: name,
      endpoints: rule.backends.map((backend, ref) =>
        localityOf(backend, identityOf(route, index, ref), `${name}/backend/${ref}`, ref),
      ),
    },
  };
}

function localityOf(backend: BackendPlan, identity: string, region: string, ref: number): object {
  const hostname = `${backend.name.split('/')[1]}.test`;
  return {
    locality: { region },
    priority: backend.priority ?? ref,
    lb_endpoints: [
      {
        endpoint: { address: loopback(backend.upstream.port), hostname },
        metadata: {
          filter_metadata: {
            [INTERNAL_METADATA_NAMESPACE]: {
              [internalMetadata.backendName]: identity,
              [internalMetadata.upstreamHost]: hostname,
            },
          },
        },
      },
    ],
  };
}

const extProcCluster = (socket: string): object => ({
  name: EXT_PROC_CLUSTER,
  type: 'STATIC',
  connect_timeout: '10s',
  per_connection_buffer_limit_bytes: LARGE_BUFFER_BYTES,
  circuit_breakers: WITHOUT_LIMITS,
  typed_extension_protocol_options: httpProtocolOptions({
    explicit_http_config: {
      http2_protocol_options: { initial_connection_window_size: 1_048_576, initial_stream_window_size: 65_536 },
    },
  }),
  load_assignment: {
    cluster_name: EXT_PROC_CLUSTER,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: socket } } } }] }],
  },
});
