import { create } from '@bufbuild/protobuf';
import { anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import { TypedExtensionConfigSchema } from '../../../gen/proto/envoy/config/core/v3/extension_pb.js';
import type { Route } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
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
import { withMembers } from './copy-on-write.js';
import {
  pickerAuthority,
  pickerClusterName,
  pickerFilterName,
  poolOf,
  type InferencePool,
  type PoolReference,
} from './inference-pool.js';
import { packKeeping } from './packed.js';
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

/** The route with the endpoint pickers of all other pools switched off. */
export function withoutOtherPickers(route: Route, pools: readonly PoolReference[]): Route {
  const own = poolOf(route.metadata);
  const ownFilter = own === undefined ? undefined : pickerFilterName(own);
  const disabled = create(ExtProcPerRouteSchema, { override: { case: 'disabled', value: true } });
  const others = pools.map(pickerFilterName).filter((name) => name !== ownFilter);
  if (others.length === 0) return route;
  const configs = others.map((name) => [
    name,
    packKeeping(route.typedPerFilterConfig[name], ExtProcPerRouteSchema, disabled),
  ]);
  return withMembers(route, {
    typedPerFilterConfig: withMembers(route.typedPerFilterConfig, Object.fromEntries(configs)),
  });
}
