import type { FilterChain } from '../../../gen/proto/envoy/config/listener/v3/listener_components_pb.js';
import type { Listener } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import {
  HttpConnectionManagerSchema,
  type HttpConnectionManager,
} from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { mapKeeping, withMembers } from './copy-on-write.js';
import { packKeeping, unpack } from './packed.js';
import { HTTP_CONNECTION_MANAGER } from './xds-names.js';

/** A listener with its HTTP connection managers decoded, once for all edits. */
export interface DecodedListener {
  readonly listener: Listener;
  /** By chain; chains without a manager that can be decoded are absent: TCP, TLS passthrough, newer formats (21.3). */
  readonly managers: ReadonlyMap<FilterChain, HttpConnectionManager>;
}

export function decodeListener(listener: Listener): DecodedListener {
  const managers = new Map<FilterChain, HttpConnectionManager>();
  for (const chain of chainsOf(listener)) {
    const manager = unpack(managerFilter(chain)?.typedConfig, HttpConnectionManagerSchema);
    if (manager !== undefined) managers.set(chain, manager);
  }
  return { listener, managers };
}

/** The listener with each manager edited and encoded once; a manager that comes back as it was keeps its bytes. */
export function editManagers(
  { listener, managers }: DecodedListener,
  edit: (manager: HttpConnectionManager) => HttpConnectionManager,
): Listener {
  const editChain = (chain: FilterChain): FilterChain => {
    const manager = managers.get(chain);
    const edited = manager && edit(manager);
    return edited === undefined || edited === manager ? chain : withManager(chain, edited);
  };
  return withMembers(listener, {
    filterChains: mapKeeping(listener.filterChains, editChain),
    ...(listener.defaultFilterChain === undefined
      ? {}
      : { defaultFilterChain: editChain(listener.defaultFilterChain) }),
  });
}

/** Names of the routing tables that the listener's managers take by RDS. */
export const routeConfigNames = ({ managers }: DecodedListener): readonly string[] =>
  [...managers.values()].flatMap(({ routeSpecifier }) =>
    routeSpecifier.case === 'rds' ? [routeSpecifier.value.routeConfigName] : [],
  );

const chainsOf = (listener: Listener): readonly FilterChain[] =>
  listener.defaultFilterChain === undefined
    ? listener.filterChains
    : [...listener.filterChains, listener.defaultFilterChain];

const managerFilter = (chain: FilterChain) => chain.filters.find((filter) => filter.name === HTTP_CONNECTION_MANAGER);

function withManager(chain: FilterChain, manager: HttpConnectionManager): FilterChain {
  const before = managerFilter(chain);
  return withMembers(chain, {
    filters: mapKeeping(chain.filters, (filter) =>
      filter === before
        ? withMembers(filter, { typedConfig: packKeeping(filter.typedConfig, HttpConnectionManagerSchema, manager) })
        : filter,
    ),
  });
}
