/** HTTP filters as the extension server inserts them. @see spec extension-server.md sections 9.2, 10, 12 and 21.18, 21.19, 21.21 */

export const EXT_PROC_FILTER = 'envoy.filters.http.ext_proc/aigateway';
export const EXT_PROC_CLUSTER = 'ai-gateway-extproc-uds';

const type = (name: string) => `type.googleapis.com/envoy.extensions.${name}`;
const attribute = (source: string, key: string) =>
  `xds.${source}.filter_metadata['aigateway.envoy.io']['${key}']`;

function externalProcessor(stream: 'router' | 'upstream', more: Readonly<Record<string, unknown>>): object {
  return {
    '@type': type('filters.http.ext_proc.v3.ExternalProcessor'),
    grpc_service: {
      envoy_grpc: { cluster_name: EXT_PROC_CLUSTER },
      initial_metadata: [{ key: 'x-aigw-filter', value: stream }],
      ...(stream === 'upstream' ? { timeout: '30s' } : {}),
    },
    message_timeout: '10s',
    allow_mode_override: true,
    ...more,
  };
}

export const routerExtProc = (): object => ({
  name: EXT_PROC_FILTER,
  disabled: true,
  typed_config: externalProcessor('router', {
    processing_mode: {
      request_header_mode: 'SEND',
      request_body_mode: 'BUFFERED',
      request_trailer_mode: 'SKIP',
      response_header_mode: 'SEND',
      response_body_mode: 'BUFFERED',
      response_trailer_mode: 'SEND',
    },
    metadata_options: { receiving_namespaces: { untyped: ['io.envoy.ai_gateway'] } },
    mutation_rules: { allow_envoy: true },
    request_attributes: [attribute('route_metadata', 'aigw_route_name')],
  }),
});

/** `forwardingNamespaces`: dynamic metadata that the processor gets to see. */
export const upstreamFilters = (forwardingNamespaces: readonly string[]): object[] => [
  {
    name: EXT_PROC_FILTER,
    typed_config: externalProcessor('upstream', {
      processing_mode: { request_header_mode: 'SEND', request_body_mode: 'NONE', response_header_mode: 'SKIP', response_body_mode: 'NONE' },
      metadata_options: {
        receiving_namespaces: { untyped: ['io.envoy.ai_gateway'] },
        forwarding_namespaces: { untyped: forwardingNamespaces },
      },
      request_attributes: [
        attribute('upstream_host_metadata', 'per_route_rule_backend_name'),
        attribute('cluster_metadata', 'per_route_rule_backend_name'),
        attribute('upstream_host_metadata', 'upstream_host'),
        attribute('route_metadata', 'aigw_route_name'),
      ],
    }),
  },
  {
    name: 'envoy.filters.http.header_mutation',
    typed_config: {
      '@type': type('filters.http.header_mutation.v3.HeaderMutation'),
      mutations: {
        request_mutations: [
          {
            append: {
              append_action: 'ADD_IF_ABSENT',
              header: { key: 'content-length', value: '%DYNAMIC_METADATA(io.envoy.ai_gateway:content_length)%' },
            },
          },
        ],
      },
    },
  },
  {
    name: 'envoy.filters.http.upstream_codec',
    typed_config: { '@type': type('filters.http.upstream_codec.v3.UpstreamCodec') },
  },
];

export const routerFilter = (): object => ({
  name: 'envoy.filters.http.router',
  typed_config: { '@type': type('filters.http.router.v3.Router') },
});

export const httpProtocolOptions = (options: object): object => ({
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
    '@type': type('upstreams.http.v3.HttpProtocolOptions'),
    ...options,
  },
});
