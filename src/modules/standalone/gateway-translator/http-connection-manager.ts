import type { Any } from '@bufbuild/protobuf/wkt';
import { HttpProtocolOptions_HeadersWithUnderscoresAction } from '../../../gen/proto/envoy/config/core/v3/protocol_pb.js';
import { BufferSchema } from '../../../gen/proto/envoy/extensions/filters/http/buffer/v3/buffer_pb.js';
import {
  HttpConnectionManager_PathWithEscapedSlashesAction,
  HttpConnectionManager_ServerHeaderTransformation,
  HttpConnectionManagerSchema,
  type HttpFilterSchema,
} from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { RouterSchema } from '../../../gen/proto/envoy/extensions/filters/http/router/v3/router_pb.js';
import { HeaderMutationSchema } from '../../../gen/proto/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.js';
import { headers } from '../../../shared/headers.js';
import type { AccessLogs } from './access-log.js';
import type { ClientSettings } from './client-traffic-policy.js';
import { HTTP2_WINDOWS } from './clusters.js';
import { toDuration } from './duration.js';
import { extension, type Init } from './extension.js';
import type { RouteTable } from './route-tables.js';
import { BUFFER_FILTER } from './routes.js';
import { securityFilters } from './security/security-filters.js';
import { BUFFER_LIMIT_BYTES, type TranslateOptions } from './translate-options.js';

const HTTP2_STREAMS_MAX = 100;

/** The network filter of a port or, with TLS, of a listener. `statPrefix` is `http-<port>` or `https-<port>`. */
export const httpConnectionManager = (
  options: TranslateOptions,
  statPrefix: string,
  table: RouteTable,
  client: ClientSettings,
  logs: AccessLogs,
): { readonly name: string; readonly typedConfig: Any } =>
  extension('envoy.filters.network.http_connection_manager', HttpConnectionManagerSchema, {
    statPrefix,
    routeSpecifier: {
      case: 'rds',
      value: { routeConfigName: table.config.name, configSource: options.rdsConfigSource(table.config.name) },
    },
    httpFilters: httpFilters(table, logs),
    http2ProtocolOptions: { maxConcurrentStreams: HTTP2_STREAMS_MAX, ...HTTP2_WINDOWS },
    commonHttpProtocolOptions: {
      headersWithUnderscoresAction: HttpProtocolOptions_HeadersWithUnderscoresAction.REJECT_REQUEST,
      ...(client.idleTimeout ? { idleTimeout: client.idleTimeout } : {}),
    },
    ...(client.requestTimeout ? { requestTimeout: client.requestTimeout } : {}),
    ...(client.streamIdleMs === undefined ? {} : { streamIdleTimeout: toDuration(client.streamIdleMs) }),
    // The address of the client is that of its connection: `x-forwarded-for` and `x-envoy-*` of clients are not believed.
    useRemoteAddress: true,
    generateRequestId: true,
    normalizePath: true,
    mergeSlashes: true,
    pathWithEscapedSlashesAction: HttpConnectionManager_PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT,
    serverHeaderTransformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
    earlyHeaderMutationExtensions: [ownHeadersRemoval()],
    accessLog: [...logs.route],
  });

/**
 * Takes away, before a route is chosen, the headers that only the gateway may set: a client that sends the model
 * header would choose its route, and the policies of it, without the processor; a destination endpoint would be an
 * open proxy. @see spec extension-server.md 21.8
 */
const ownHeadersRemoval = () =>
  extension('envoy.http.early_header_mutation.header_mutation', HeaderMutationSchema, {
    mutations: [
      {
        action: {
          case: 'removeOnMatch',
          value: { keyMatcher: { matchPattern: { case: 'prefix', value: headers.ownPrefix }, ignoreCase: true } },
        },
      },
      { action: { case: 'remove', value: headers.destinationEndpoint } },
      { action: { case: 'remove', value: headers.envoyOriginalPath } },
    ],
  });

function httpFilters(table: RouteTable, logs: AccessLogs): Init<typeof HttpFilterSchema>[] {
  const buffer = { ...extension(BUFFER_FILTER, BufferSchema, { maxRequestBytes: BUFFER_LIMIT_BYTES }), disabled: true };
  return [
    ...securityFilters(table.securities, table.ofListener),
    ...(table.usesBuffer ? [buffer] : []),
    extension('envoy.filters.http.router', RouterSchema, {
      suppressEnvoyHeaders: true,
      upstreamLog: [...logs.upstream],
    }),
  ];
}
