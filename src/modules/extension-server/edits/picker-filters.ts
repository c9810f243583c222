import { create } from '@bufbuild/protobuf';
import { anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import { TypedExtensionConfigSchema } from '../../../gen/proto/envoy/config/core/v3/extension_pb.js';
import type { RouteConfiguration } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import {
  ExternalProcessorSchema,
  ExtProcPerRouteSchema,
} from '../../../gen/proto/envoy/extensions/filters/http/ext_proc/v3/ext_proc_pb.js';
import {
  ProcessingMode_BodySendMode as Body,
  ProcessingMode_HeaderSendMode as Header,
} from '../../../gen/proto/envoy/extensions/filters/http/ext_proc/v3/processing_mode_pb.js';
import {
  HttpFilterSchema,
  type HttpConnectionManager,
  type HttpFilter,
} from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { HeaderMutationSchema } from '../../../gen/proto/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { headers } from '../../../shared/headers.js';
import { mapRoutes } from './ai-routes.js';
import { withMembers } from './copy-on-write.js';
import {
  pickerAuthority,
  pickerClusterName,
  pickerFilterName,
  poolOf,
  type InferencePool,
  type PoolReference,
} from './inference-pool.js';
import { keeping } from './packed.js';
import { ROUTER_FILTER } from './xds-names.js';

const EARLY_REMOVAL = 'envoy.http.early_header_mutation.header_mutation/aigateway';

/**
 * The manager with a filter for the endpoint picker of each pool in front of the router; those it has already stay. Clients cannot name an endpoint themselves: their header goes before a picker that fails open could let it
 * pass. @see spec extension-server.md sections 14, 21.6 and 21.12
 */
export function withPickerFilters(
  manager: HttpConnectionManager,
  pools: readonly PoolReference[],
  world: Snapshot,
): HttpConnectionManager {
  const names = new Set(manager.httpFilters.map(({ name }) => name));
  const missing = pools.filter((pool) => !names.has(pickerFilterName(pool)));
  const router = manager.httpFilters.findIndex(({ name }) => name === ROUTER_FILTER);
  if (missing.length === 0 || router === -1) return manager;
  const added = missing.map((pool) => pickerFilter(pool, world));
  return withoutClientDestination({ ...manager, httpFilters: manager.httpFilters.toSpliced(router, 0, ...added) });
}

function pickerFilter(pool: PoolReference, world: Snapshot): HttpFilter {
  const bodyMode = pool.bodyMode === 'buffered' ? Body.BUFFERED : Body.FULL_DUPLEX_STREAMED;
  const picker = world.get<InferencePool>(kinds.inferencePool, pool.namespace, pool.name)?.spec?.endpointPickerRef;
  const processor = create(ExternalProcessorSchema, {
    grpcService: { envoyGrpc: { clusterName: pickerClusterName(pool), authority: pickerAuthority(pool) } },
    processingMode: {
      requestHeaderMode: Header.SEND,
      requestBodyMode: bodyMode,
      requestTrailerMode: Header.SEND,
      responseHeaderMode: Header.SEND,
      responseBodyMode: bodyMode,
      responseTrailerMode: Header.SEND,
    },
    allowModeOverride: pool.modeOverride === 'true',
    messageTimeout: durationFromMs(300_000),
    failureModeAllow: picker?.failureMode === 'FailOpen',
  });
  return create(HttpFilterSchema, {
    name: pickerFilterName(pool),
    typedConfig: anyPack(ExternalProcessorSchema, processor),
  });
}

function withoutClientDestination(manager: HttpConnectionManager): HttpConnectionManager {
  const { earlyHeaderMutationExtensions: extensions } = manager;
  if (extensions.some(({ name }) => name === EARLY_REMOVAL)) return manager;
  const mutation = create(HeaderMutationSchema, {
    mutations: [{ action: { case: 'remove', value: headers.destinationEndpoint } }],
  });
  const removal = create(TypedExtensionConfigSchema, {
    name: EARLY_REMOVAL,
    typedConfig: anyPack(HeaderMutationSchema, mutation),
  });
  return { ...manager, earlyHeaderMutationExtensions: [...extensions, removal] };
}

const DISABLED = anyPack(
  ExtProcPerRouteSchema,
  create(ExtProcPerRouteSchema, { override: { case: 'disabled', value: true } }),
);
/** Overrides of a route take the place of `disabled` of its table. @see ext_proc.proto, ExtProcPerRoute.overrides */
const ENABLED = anyPack(
  ExtProcPerRouteSchema,
  create(ExtProcPerRouteSchema, { override: { case: 'overrides', value: {} } }),
);

/**
 * The table with these endpoint pickers switched off for all routes but those of their own pools. Said once for the table: said
 * at each route, it would be as many entries as there are routes times pools. Tried on Envoy 1.38.3.
 */
export function withOwnPickersOnly(table: RouteConfiguration, pools: readonly PoolReference[]): RouteConfiguration {
  const names = new Set(pools.map(pickerFilterName));
  const off = [...names].map((name) => [name, keeping(table.typedPerFilterConfig[name], DISABLED)] as const);
  const switchedOff = withMembers(table, {
    typedPerFilterConfig: withMembers(table.typedPerFilterConfig, Object.fromEntries(off)),
  });
  return mapRoutes(switchedOff, (route) => {
    const own = poolOf(route.metadata);
    const name = own && pickerFilterName(own);
    if (name === undefined || !names.has(name)) return route;
    const on = { [name]: keeping(route.typedPerFilterConfig[name], ENABLED) };
    return withMembers(route, { typedPerFilterConfig: withMembers(route.typedPerFilterConfig, on) });
  });
}
