import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { AnySchema, anyPack } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import type { FilterChainSchema } from '../../../gen/proto/envoy/config/listener/v3/listener_components_pb.js';
import { ListenerSchema, type Listener } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import { HttpConnectionManagerSchema } from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import type { XdsResources } from '../../../shared/xds.js';
import { editTranslation } from './edit-translation.js';
import { decodeListener, routeConfigNames } from './http-connection-managers.js';
import { unpack } from './packed.js';
import { HTTP_CONNECTION_MANAGER, ROUTER_FILTER } from './xds-names.js';

type Chain = MessageInitShape<typeof FilterChainSchema>;
type Manager = MessageInitShape<typeof HttpConnectionManagerSchema>;

const chainWith = (manager: Manager): Chain => ({
  filters: [
    {
      name: HTTP_CONNECTION_MANAGER,
      typedConfig: anyPack(
        HttpConnectionManagerSchema,
        create(HttpConnectionManagerSchema, { httpFilters: [{ name: ROUTER_FILTER }], ...manager }),
      ),
    },
  ],
});
const rds = (routeConfigName: string): Chain =>
  chainWith({ routeSpecifier: { case: 'rds', value: { routeConfigName } } });
const tcp: Chain = { filters: [{ name: 'envoy.filters.network.tcp_proxy' }] };
const broken: Chain = {
  filters: [
    {
      name: HTTP_CONNECTION_MANAGER,
      typedConfig: create(AnySchema, {
        typeUrl: `type.googleapis.com/${HttpConnectionManagerSchema.typeName}`,
        value: Uint8Array.of(0xff),
      }),
    },
  ],
};
const listenerOf = (name: string, filterChains: Chain[], defaultFilterChain?: Chain) =>
  create(ListenerSchema, { name, filterChains, ...(defaultFilterChain ? { defaultFilterChain } : {}) });
const tableOf = (name: string, ...pools: string[]) =>
  create(RouteConfigurationSchema, {
    name,
    virtualHosts: [
      {
        routes: pools.map((pool) => ({
          action: { case: 'route', value: {} } as const,
          metadata: {
            filterMetadata: {
              'aigateway.envoy.io': { per_route_rule_inference_pool: `ns/${pool}/epp/9002/duplex/false` },
            },
          },
        })),
      },
    ],
  });

function edit(listeners: Listener[], ...routes: XdsResources['routes']) {
  const resources: XdsResources = { listeners, routes, clusters: [], secrets: [] };
  const { resources: edited } = editTranslation(resources, snapshotOf([]), {
    extProcAddress: { udsPath: '/run.sock' },
    logRequestHeaderAttributes: new Map([['x', 'y']]),
  });
  return { resources, edited };
}
/** Pools whose pickers the chains of a listener have. */
const pickers = (listener: Listener | undefined) =>
  [...(listener?.filterChains ?? []), ...(listener?.defaultFilterChain ? [listener.defaultFilterChain] : [])].map(
    (chain) =>
      unpack(chain.filters[0]?.typedConfig, HttpConnectionManagerSchema)?.httpFilters.flatMap(
        ({ name }) => /endpointpicker\/(\w+)_ns_ext_proc$/.exec(name)?.[1] ?? [],
      ),
  );

describe('endpoint pickers of listeners', () => {
  it('are those of the pools that the listener serves', () => {
    const listeners = [
      listenerOf('one', [rds('a')]),
      listenerOf('both', [rds('a'), rds('b')]),
      listenerOf('none', [rds('plain')]),
      listenerOf('missing', [rds('missing')]),
    ];
    const { edited } = edit(listeners, tableOf('a', 'llama'), tableOf('b', 'mistral'), tableOf('plain'));
    expect(edited.listeners.map(pickers)).toEqual([
      [['llama']],
      [
        ['llama', 'mistral'],
        ['llama', 'mistral'],
      ],
      [[]],
      [[]],
    ]);
  });

  it('stand in chains of both kinds, each once, and not where there is no HTTP', () => {
    const listeners = [listenerOf('l', [tcp, rds('a'), broken], rds('a'))];
    const { edited } = edit(listeners, tableOf('a', 'llama', 'llama', 'mistral'));
    expect(pickers(edited.listeners[0])).toEqual([undefined, ['llama', 'mistral'], undefined, ['llama', 'mistral']]);
  });

  it('are switched off in all tables of the listener, but for the routes of their own pools', () => {
    const { edited } = edit([listenerOf('l', [rds('a'), rds('b')])], tableOf('a', 'llama'), tableOf('b', 'mistral'));
    const llama = 'envoy.filters.http.ext_proc/endpointpicker/llama_ns_ext_proc';
    const mistral = 'envoy.filters.http.ext_proc/endpointpicker/mistral_ns_ext_proc';
    expect(
      edited.routes.map(({ typedPerFilterConfig, virtualHosts }) => [
        Object.keys(typedPerFilterConfig),
        Object.keys(virtualHosts[0]?.routes[0]?.typedPerFilterConfig ?? {}),
      ]),
    ).toEqual([
      [[llama, mistral], [llama]],
      [[llama, mistral], [mistral]],
    ]);
  });

  it.each([
    ['without chains', listenerOf('l', [])],
    ['without HTTP', listenerOf('l', [tcp])],
    ['whose HTTP cannot be decoded', listenerOf('l', [broken])],
    ['without routing table', listenerOf('l', [chainWith({})])],
    ['of Envoy Gateway itself', listenerOf('envoy-gateway-proxy-stats-0.0.0.0-19001', [rds('a')])],
  ])('leave a listener %s as it is', (_case, listener) => {
    const { resources, edited } = edit([listener], tableOf('a', 'llama'));
    expect(edited).toBe(resources);
  });

  it('come alone for plain HTTPRoutes: no processor, no header attributes', () => {
    const { edited } = edit([listenerOf('l', [rds('a')])], tableOf('a', 'llama'));
    const [chain] = edited.listeners[0]?.filterChains ?? [];
    const manager = unpack(chain?.filters[0]?.typedConfig, HttpConnectionManagerSchema);
    expect(manager?.httpFilters.map(({ name }) => name)).toEqual([
      'envoy.filters.http.ext_proc/endpointpicker/llama_ns_ext_proc',
      ROUTER_FILTER,
    ]);
    expect(edited.clusters).toEqual([]);
  });
});

describe('routeConfigNames', () => {
  it('collects the tables of all chains', () => {
    const listener = listenerOf('l', [tcp, rds('a'), chainWith({}), rds('b')], rds('c'));
    expect(routeConfigNames(decodeListener(listener))).toEqual(['a', 'b', 'c']);
  });
});
