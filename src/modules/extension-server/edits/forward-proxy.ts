import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import type { Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { TransportSocketSchema, type TransportSocket } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import { Http11ProxyUpstreamTransportSchema } from '../../../gen/proto/envoy/extensions/transport_sockets/http_11_proxy/v3/upstream_http_11_connect_pb.js';
import type { AIGatewayRoute, GatewayConfig } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { keyOf, type KubeObject } from '../../../shared/api/kube-object.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { mapKeeping, withMembers } from './copy-on-write.js';
import type { Report } from './edit-options.js';
import { gatewayConfigOf } from './gateway-config.js';
import { usableProxyAddress, type ProxyAddress } from './proxy-address.js';

const PROXY_SOCKET = 'envoy.transport_sockets.http_11_proxy';

/**
 * The proxy through which a route's backends are reached, from the GatewayConfig of the first parent that names one.
 * `'invalid'`: there is one that cannot be used, which is not the same as none.
 * @see spec extension-server.md section 11
 */
export function resolveForwardProxy(
  route: AIGatewayRoute,
  world: Snapshot,
  report: Report,
): ProxyAddress | 'invalid' | undefined {
  const configs = gatewayConfigsOf(route, world).filter((config) => config.spec?.forwardProxy !== undefined);
  const [first] = configs;
  const text = first?.spec?.forwardProxy?.address;
  if (first === undefined || text === undefined) return undefined;
  const other = configs.find((config) => config.spec?.forwardProxy?.address !== text);
  if (other !== undefined) report(conflict(route, first, other));
  const address = usableProxyAddress(text);
  if (typeof address !== 'string') return address;
  report(unusableAddress(first, address));
  return 'invalid';
}

function gatewayConfigsOf(route: AIGatewayRoute, world: Snapshot): readonly GatewayConfig[] {
  return (route.spec?.parentRefs ?? [])
    .filter((parent) => parent.kind === undefined || parent.kind === kinds.gateway.kind)
    .map((parent) => {
      const namespace = parent.namespace ?? route.metadata.namespace ?? '';
      return gatewayConfigOf(world, namespace, parent.name);
    })
    .filter((config) => config !== undefined);
}

/**
 * The cluster with all its connections going through the proxy. The plain socket is wrapped also when only some
 * backends use TLS: Envoy takes it for the endpoints that match no `transport_socket_matches` entry (21.22).
 */
export function withForwardProxy(cluster: Cluster, proxy: ProxyAddress): Cluster {
  return withMembers(cluster, {
    transportSocketMatches: mapKeeping(cluster.transportSocketMatches, (match) =>
      match.transportSocket === undefined
        ? match
        : withMembers(match, { transportSocket: throughProxy(match.transportSocket, proxy) }),
    ),
    transportSocket: throughProxy(cluster.transportSocket, proxy),
  });
}

/** No inner socket means plain text inside the tunnel. */
function throughProxy(inner: TransportSocket | undefined, proxy: ProxyAddress): TransportSocket {
  if (inner?.name === PROXY_SOCKET) return inner;
  const transport = create(Http11ProxyUpstreamTransportSchema, {
    ...(inner === undefined ? {} : { transportSocket: inner }),
    defaultProxyAddress: {
      address: {
        case: 'socketAddress',
        value: { address: proxy.host, portSpecifier: { case: 'portValue', value: proxy.port } },
      },
    },
  });
  return create(TransportSocketSchema, {
    name: PROXY_SOCKET,
    typedConfig: anyPack(Http11ProxyUpstreamTransportSchema, transport),
  });
}

const conflict = (route: AIGatewayRoute, used: GatewayConfig, other: GatewayConfig): Fault => ({
  object: keyOf(route),
  path: 'spec.parentRefs',
  reason: 'ForwardProxyConflict',
  message:
    `GatewayConfig "${nameOf(used)}" and "${nameOf(other)}" name different forward proxies; ` +
    `"${nameOf(used)}" is used for all parents of this route. Use one address, or one route per Gateway.`,
  severity: 'warning',
});

const unusableAddress = (config: GatewayConfig, problem: string): Fault => ({
  object: keyOf(config),
  path: 'spec.forwardProxy.address',
  reason: 'InvalidForwardProxy',
  message: `${problem}. Requests to the backends of its Gateways are refused until it is corrected.`,
  severity: 'error',
});

const nameOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
