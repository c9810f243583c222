import { create } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import type { FilterChainSchema } from '../../../gen/proto/envoy/config/listener/v3/listener_components_pb.js';
import { ListenerSchema, type Listener } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import { TlsInspectorSchema } from '../../../gen/proto/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js';
import type { AccessLogs } from './access-log.js';
import type { ClientSettings } from './client-traffic-policy.js';
import { extension, type Init } from './extension.js';
import { ANY_HOST } from './hostname.js';
import type { ListenerPlan, PortPlan } from './listener-plan.js';
import { downstreamTlsSocket } from './tls.js';
import type { TranslateOptions } from './translate-options.js';

/** A listener of the Gateway with the connection manager that serves it. */
export interface ServedListener {
  readonly plan: ListenerPlan;
  readonly manager: { readonly name: string; readonly typedConfig: Any };
}

/**
 * The Envoy listener of a port: without TLS one default filter chain, with TLS one chain for each server name.
 * `served` are the chains: one for a port without TLS, one for each listener with it.
 */
export function portListener(
  options: TranslateOptions,
  { port, isTls, listeners }: PortPlan,
  served: readonly ServedListener[],
  client: ClientSettings,
  logs: AccessLogs,
): Listener {
  const [first] = listeners;
  const chains = served.map((listener) => filterChain(listener, isTls));
  return create(ListenerSchema, {
    name: first.name,
    address: {
      address: {
        case: 'socketAddress',
        value: { address: options.listenAddress, portSpecifier: { case: 'portValue', value: port } },
      },
    },
    perConnectionBufferLimitBytes: client.bufferLimitBytes,
    accessLog: [...logs.listener],
    ...(isTls
      ? {
          filterChains: chains,
          listenerFilters: [extension('envoy.filters.listener.tls_inspector', TlsInspectorSchema, {})],
        }
      : { defaultFilterChain: chains[0]! }),
  });
}

const filterChain = ({ plan, manager }: ServedListener, isTls: boolean): Init<typeof FilterChainSchema> => ({
  name: plan.name,
  filters: [manager],
  ...(isTls ? { transportSocket: downstreamTlsSocket(plan.keyPairs) } : {}),
  ...(isTls && plan.hostname !== ANY_HOST ? { filterChainMatch: { serverNames: [plan.hostname] } } : {}),
});
