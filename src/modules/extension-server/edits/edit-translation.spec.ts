import { create, toBinary, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import { AnySchema, anyPack } from '@bufbuild/protobuf/wkt';
import { WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from '@jest/globals';
import { ClusterSchema } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { LbEndpointSchema } from '../../../gen/proto/envoy/config/endpoint/v3/endpoint_components_pb.js';
import type { FilterChainSchema } from '../../../gen/proto/envoy/config/listener/v3/listener_components_pb.js';
import { ListenerSchema, type Listener } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import { RouteActionSchema, RouteSchema } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import {
  HttpConnectionManagerSchema,
  type HttpConnectionManager,
} from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { HttpProtocolOptionsSchema } from '../../../gen/proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import type { XdsResources } from '../../../shared/xds.js';
import type { EditOptions } from './edit-options.js';
import { editTranslation } from './edit-translation.js';
import { unpack } from './packed.js';
import { EXT_PROC_CLUSTER, EXT_PROC_FILTER, HTTP_CONNECTION_MANAGER, HTTP_PROTOCOL_OPTIONS } from './xds-names.js';

type Chain = MessageInitShape<typeof FilterChainSchema>;
const OPTIONS: EditOptions = {
  extProcAddress: { udsPath: '/run/extproc.sock' },
  logRequestHeaderAttributes: new Map([['agent-session-id', 'session.id']]),
};
const LLM: AIGatewayRoute = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { namespace: 'ns', name: 'llm' },
  spec: { rules: [{ backendRefs: [{ name: 'a' }], streamIdleTimeout: '5s' }] },
};
const WORLD = snapshotOf([LLM]);

/** A field that no .proto file of ours has, with a varint: what a newer Envoy Gateway might send. */
const UNKNOWN = { no: 4_000, wireType: WireType.Varint, data: Uint8Array.of(42) };
const withUnknown = <M extends Message>(message: M): M => ({ ...message, $unknown: [UNKNOWN] });
const newerAny = () =>
  create(AnySchema, { typeUrl: 'type.googleapis.com/envoy.newer.v9.Thing', value: Uint8Array.of(8, 1) });

const managerChain = (routeConfigName: string, ...names: string[]): Chain => ({
  filters: [
    {
      name: HTTP_CONNECTION_MANAGER,
      typedConfig: anyPack(
        HttpConnectionManagerSchema,
        withUnknown(
          create(HttpConnectionManagerSchema, {
            routeSpecifier: { case: 'rds', value: { routeConfigName } },
            httpFilters: names.map((name) => ({ name, typedConfig: newerAny() })),
          }),
        ),
      ),
    },
  ],
});
const listenerOf = (name: string, ...filterChains: Chain[]) =>
  withUnknown(create(ListenerSchema, { name, filterChains }));
const table = (name: string, isAI: boolean) =>
  withUnknown(
    create(RouteConfigurationSchema, {
      name,
      virtualHosts: [
        {
          name: 'host',
          routes: [
            withUnknown(
              create(RouteSchema, {
                name: 'httproute/ns/llm/rule/0/match/0/*',
                action: { case: 'route', value: withUnknown(create(RouteActionSchema)) },
                typedPerFilterConfig: { other: newerAny() },
                metadata: {
                  filterMetadata: {
                    'envoy-gateway': {
                      resources: [
                        { name: 'llm', namespace: 'ns', annotations: isAI ? { 'ai-gateway-generated': 'true' } : {} },
                      ],
                    },
                  },
                },
              }),
            ),
          ],
        },
      ],
    }),
  );
const aiCluster = () =>
  withUnknown(
    create(ClusterSchema, {
      name: 'httproute/ns/llm/rule/0',
      loadAssignment: { endpoints: [{ lbEndpoints: [withUnknown(create(LbEndpointSchema))] }] },
      typedExtensionProtocolOptions: {
        [HTTP_PROTOCOL_OPTIONS]: anyPack(
          HttpProtocolOptionsSchema,
          withUnknown(create(HttpProtocolOptionsSchema, { httpFilters: [{ name: 'codec', typedConfig: newerAny() }] })),
        ),
        newer: newerAny(),
      },
    }),
  );
const resourcesOf = (listeners: Listener[], isAI = true): XdsResources => ({
  listeners,
  routes: [table('table', isAI), table('unserved', isAI)],
  clusters: [aiCluster(), withUnknown(create(ClusterSchema, { name: 'other' }))],
  secrets: [],
});
const ROUTER = 'envoy.filters.http.router';

const managersOf = (listener: Listener | undefined): (HttpConnectionManager | undefined)[] =>
  [...(listener?.filterChains ?? []), listener?.defaultFilterChain].flatMap((chain) =>
    chain === undefined ? [] : [unpack(chain.filters[0]?.typedConfig, HttpConnectionManagerSchema)],
  );
const filterNames = (listener: Listener | undefined) =>
  managersOf(listener).map((manager) => manager?.httpFilters.map(({ name }) => name));
const bytesOf = (resources: XdsResources) => [
  ...resources.listeners.map((listener) => toBinary(ListenerSchema, listener)),
  ...resources.routes.map((routes) => toBinary(RouteConfigurationSchema, routes)),
  ...resources.clusters.map((cluster) => toBinary(ClusterSchema, cluster)),
];

describe('editTranslation', () => {
  it('returns a Gateway without AI routes by identity', () => {
    const resources = resourcesOf([listenerOf('ns/edge/http', managerChain('table', ROUTER))], false);
    expect(editTranslation(resources, WORLD, OPTIONS)).toEqual({
      resources,
      faults: [],
      gateways: new Map(),
    });
    expect(editTranslation(resources, WORLD, OPTIONS).resources).toBe(resources);
  });

  it('accepts a Gateway without resources', () => {
    const resources = { listeners: [], routes: [], clusters: [], secrets: [] };
    expect(editTranslation(resources, WORLD, OPTIONS).resources).toBe(resources);
  });

  it('changes nothing the second time, not even identities', () => {
    const { resources: once } = editTranslation(
      resourcesOf([listenerOf('ns/edge/http', managerChain('table', ROUTER))]),
      WORLD,
      OPTIONS,
    );
    const { resources: twice } = editTranslation(once, WORLD, OPTIONS);
    expect(bytesOf(twice)).toEqual(bytesOf(once));
    expect(twice.listeners).toBe(once.listeners);
    expect(twice.routes).toBe(once.routes);
    expect(twice.clusters).toBe(once.clusters);
  });

  it('leaves its input as it was', () => {
    const resources = resourcesOf([listenerOf('ns/edge/http', managerChain('table', ROUTER))]);
    const before = bytesOf(resources);
    editTranslation(resources, WORLD, OPTIONS);
    expect(bytesOf(resources)).toEqual(before);
  });

  it('passes on unchanged resources by identity', () => {
    const resources = resourcesOf([
      listenerOf('ns/edge/http', managerChain('table', ROUTER)),
      listenerOf('ns/edge/tcp', { filters: [{ name: 'envoy.filters.network.tcp_proxy' }] }),
      listenerOf('envoy-gateway-proxy-ready-x', managerChain('table', ROUTER)),
    ]);
    const { listeners, clusters, secrets } = editTranslation(resources, WORLD, OPTIONS).resources;
    expect(listeners.map((listener, index) => listener === resources.listeners[index])).toEqual([false, true, true]);
    expect(clusters[1]).toBe(resources.clusters[1]);
    expect(secrets).toBe(resources.secrets);
  });

  it('keeps unknown fields and Any types that it does not know, on every level that it edits', () => {
    const { resources } = editTranslation(
      resourcesOf([listenerOf('ns/edge/http', managerChain('table', ROUTER))]),
      WORLD,
      OPTIONS,
    );
    const [listener] = resources.listeners;
    const [manager] = managersOf(listener);
    const [routes] = resources.routes;
    const route = routes?.virtualHosts[0]?.routes[0];
    const [cluster] = resources.clusters;
    const options = unpack(cluster?.typedExtensionProtocolOptions[HTTP_PROTOCOL_OPTIONS], HttpProtocolOptionsSchema);
    const edited = [
      listener,
      manager,
      routes,
      route,
      cluster,
      options,
      route?.action.case === 'route' ? route.action.value : undefined,
      cluster?.loadAssignment?.endpoints[0]?.lbEndpoints[0],
    ];
    expect(edited.map((message) => message?.$unknown)).toEqual(edited.map(() => [UNKNOWN]));
    expect([
      manager?.httpFilters.at(-1)?.typedConfig,
      options?.httpFilters.at(-1)?.typedConfig,
      route?.typedPerFilterConfig['other'],
      cluster?.typedExtensionProtocolOptions['newer'],
    ]).toEqual([newerAny(), newerAny(), newerAny(), newerAny()]);
  });

  it('gives every chain of a listener the filter when one of them serves AI routes', () => {
    const resources = resourcesOf([
      listenerOf('ns/edge/https', managerChain('table', ROUTER), managerChain('elsewhere', 'lua', ROUTER)),
      listenerOf('ns/edge/other', managerChain('missing', ROUTER)),
    ]);
    const attributes = 'envoy.filters.http.header_to_metadata';
    const [ai, other] = editTranslation(resources, WORLD, OPTIONS).resources.listeners;
    expect(filterNames(ai)).toEqual([
      [EXT_PROC_FILTER, attributes, ROUTER],
      ['lua', EXT_PROC_FILTER, attributes, ROUTER],
    ]);
    expect(filterNames(other)).toEqual([[attributes, ROUTER]]);
  });

  it('goes on with the next chain when one has the filter already', () => {
    const chains = [managerChain('table', EXT_PROC_FILTER, ROUTER), managerChain('table', ROUTER)];
    const { resources } = editTranslation(resourcesOf([listenerOf('x', ...chains)]), WORLD, {
      ...OPTIONS,
      logRequestHeaderAttributes: new Map(),
    });
    expect(filterNames(resources.listeners[0])).toEqual([
      [EXT_PROC_FILTER, ROUTER],
      [EXT_PROC_FILTER, ROUTER],
    ]);
  });

  it('enables the processor on served tables only, the idle timeout on all', () => {
    const resources = resourcesOf([listenerOf('ns/edge/http', managerChain('table', ROUTER))]);
    const { routes } = editTranslation(resources, WORLD, OPTIONS).resources;
    const edited = routes.map((config) => config.virtualHosts[0]?.routes[0]);
    expect(edited.map((route) => EXT_PROC_FILTER in (route?.typedPerFilterConfig ?? {}))).toEqual([true, false]);
    expect(
      edited.map(
        (route) => route?.action.case === 'route' && route.action.value.retryPolicy?.perTryIdleTimeout?.seconds,
      ),
    ).toEqual([5n, 5n]);
  });

  it('tells about a chain without router and finishes the rest', () => {
    const resources = resourcesOf([
      listenerOf('ns/edge/http', managerChain('table', 'fault'), managerChain('table', ROUTER)),
    ]);
    const { resources: edited, faults } = editTranslation(resources, WORLD, OPTIONS);
    expect(faults.map(({ object, path, reason, severity }) => [object, path, reason, severity])).toEqual([
      ['gateway.networking.k8s.io/Gateway/ns/edge', 'spec.listeners[name=http]', 'NoInsertionPoint', 'error'],
      ['gateway.networking.k8s.io/Gateway/ns/edge', 'spec.listeners[name=http]', 'HeaderAttributesNotSet', 'warning'],
    ]);
    expect(filterNames(edited.listeners[0])[1]).toContain(EXT_PROC_FILTER);
  });

  it('passes by a manager that cannot be decoded', () => {
    const typedConfig = create(AnySchema, {
      typeUrl: `type.googleapis.com/${HttpConnectionManagerSchema.typeName}`,
      value: Uint8Array.of(0xff),
    });
    const broken = { filters: [{ name: HTTP_CONNECTION_MANAGER, typedConfig }] };
    const resources = resourcesOf([listenerOf('tcp-80', broken)]);
    const { resources: edited, faults } = editTranslation(resources, WORLD, OPTIONS);
    expect(edited.listeners).toBe(resources.listeners);
    expect(faults).toEqual([]);
  });

  it('adds the cluster of the processor once', () => {
    const resources = resourcesOf([listenerOf('ns/edge/http', managerChain('table', ROUTER))]);
    const existing = create(ClusterSchema, { name: EXT_PROC_CLUSTER });
    const names = (input: XdsResources) =>
      editTranslation(input, WORLD, OPTIONS).resources.clusters.map(({ name }) => name);
    expect(names(resources)).toEqual(['httproute/ns/llm/rule/0', 'other', EXT_PROC_CLUSTER]);
    expect(names({ ...resources, clusters: [existing] })).toEqual([EXT_PROC_CLUSTER]);
  });
});
