import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ClusterSchema } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { TransportSocket } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import { Http11ProxyUpstreamTransportSchema } from '../../../gen/proto/envoy/extensions/transport_sockets/http_11_proxy/v3/upstream_http_11_connect_pb.js';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { ParentReference } from '../../../shared/api/http-route.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { resolveForwardProxy, withForwardProxy } from './forward-proxy.js';
import { unpack } from './packed.js';

const PROXY = { host: '10.0.0.9', port: 3128 };
const tls = (name: string) => ({ name });
/** Name of what is inside the proxy socket; `plain` for nothing; the socket itself when it is not wrapped. */
function inside(socket: TransportSocket | undefined) {
  const wrapper = unpack(socket?.typedConfig, Http11ProxyUpstreamTransportSchema);
  return wrapper === undefined ? socket : (wrapper.transportSocket?.name ?? 'plain');
}

describe('withForwardProxy', () => {
  it('wraps each socket and tunnels endpoints that match none', () => {
    const cluster = create(ClusterSchema, {
      transportSocketMatches: [{ name: 'a', transportSocket: tls('inner') }, { name: 'no-socket' }],
    });
    const edited = withForwardProxy(cluster, PROXY);
    expect(edited.transportSocketMatches.map((match) => inside(match.transportSocket))).toEqual(['inner', undefined]);
    expect(inside(edited.transportSocket)).toBe('plain');
  });

  it('keeps the inner socket of a cluster without matches', () => {
    const edited = withForwardProxy(create(ClusterSchema, { transportSocket: tls('inner') }), PROXY);
    expect(inside(edited.transportSocket)).toBe('inner');
  });

  it('changes nothing the second time', () => {
    const once = withForwardProxy(
      create(ClusterSchema, { transportSocketMatches: [{ transportSocket: tls('inner') }] }),
      PROXY,
    );
    expect(withForwardProxy(once, PROXY)).toBe(once);
  });
});

const config = (namespace: string, name: string, address?: string) => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'GatewayConfig',
  metadata: { namespace, name },
  spec: address === undefined ? {} : { forwardProxy: { address } },
});
const gateway = (name: string, configName?: string) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: {
    namespace: 'ns',
    name,
    annotations: configName === undefined ? {} : { 'aigateway.envoyproxy.io/gateway-config': configName },
  },
});
const WORLD = snapshotOf([
  gateway('bare'),
  gateway('dangling', 'missing'),
  gateway('empty', 'no-proxy'),
  gateway('first', 'one'),
  gateway('second', 'two'),
  gateway('broken', 'invalid'),
  gateway('named', 'host-name'),
  config('ns', 'no-proxy'),
  config('ns', 'one', '10.0.0.1:1'),
  config('ns', 'two', '[fd00::2]:2'),
  config('ns', 'invalid', 'nowhere'),
  config('ns', 'host-name', 'proxy.test:3128'),
  config('other', 'missing', '10.0.0.3:1'),
]);

function resolve(parentRefs: ParentReference[] | undefined) {
  const faults: Fault[] = [];
  const route: AIGatewayRoute = {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'AIGatewayRoute',
    metadata: { namespace: 'ns', name: 'llm' },
    spec: parentRefs === undefined ? {} : { parentRefs },
  };
  const address = resolveForwardProxy(route, WORLD, (fault) => void faults.push(fault));
  return { address, faults };
}

describe('resolveForwardProxy', () => {
  it.each([
    ['there are no parents', undefined],
    ['the Gateway is missing', [{ name: 'nobody' }]],
    ['the Gateway has no annotation', [{ name: 'bare' }]],
    ['the GatewayConfig is missing', [{ name: 'dangling' }]],
    ['the GatewayConfig names no proxy', [{ name: 'empty' }]],
    ['the parent is no Gateway', [{ name: 'first', kind: 'Service' }]],
  ])('is undefined when %s', (_case, parentRefs) => {
    expect(resolve(parentRefs)).toEqual({ address: undefined, faults: [] });
  });

  it('takes the first of two that differ and tells', () => {
    const { address, faults } = resolve([{ name: 'first', kind: 'Gateway' }, { name: 'second' }]);
    expect(address).toEqual({ host: '10.0.0.1', port: 1 });
    expect(faults).toEqual([
      {
        object: 'aigateway.envoyproxy.io/AIGatewayRoute/ns/llm',
        path: 'spec.parentRefs',
        reason: 'ForwardProxyConflict',
        message:
          'GatewayConfig "ns/one" and "ns/two" name different forward proxies; "ns/one" is used for all parents of this route. Use one address, or one route per Gateway.',
        severity: 'warning',
      },
    ]);
  });

  it.each([
    ['broken', 'invalid', '"nowhere" is no proxy address'],
    ['named', 'host-name', 'Envoy does not resolve the host name "proxy.test" of a proxy'],
  ])('tells an address that cannot be used from none: Gateway %s', (parent, configName, problem) => {
    expect(resolve([{ name: parent }])).toEqual({
      address: 'invalid',
      faults: [
        {
          object: `aigateway.envoyproxy.io/GatewayConfig/ns/${configName}`,
          path: 'spec.forwardProxy.address',
          reason: 'InvalidForwardProxy',
          message: `${problem}; expected ip:port with a port from 1 to 65535, an IPv6 address in brackets. Requests to the backends of its Gateways are refused until it is corrected.`,
          severity: 'error',
        },
      ],
    });
  });
});
