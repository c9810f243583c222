import { create, toBinary, type JsonObject } from '@bufbuild/protobuf';
import { anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ClusterSchema, type Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema, type Listener } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import { RouteSchema, type Route } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import { HttpConnectionManagerSchema } from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import { partName } from '../../../shared/api/route-parts.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import type { XdsResources } from '../../../shared/xds.js';
import type { EditOptions } from './edit-options.js';
import { editTranslation } from './edit-translation.js';

const LLM: AIGatewayRoute = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { namespace: 'ns', name: 'llm' },
  spec: {
    rules: [
      { backendRefs: [{ name: 'a' }], streamIdleTimeout: '5s' },
      { backendRefs: [{ name: 'b' }, { name: 'c', priority: 1 }] },
      { backendRefs: [{ group: 'inference.networking.k8s.io', kind: 'InferencePool', name: 'pool' }] },
    ],
  },
};
const WORLD = snapshotOf([LLM]);
const TABLES = ['one', 'two', 'three'];

const httpRoute = fc.constantFrom('llm', 'plain', partName('llm', 1, 1));
const pool = fc.option(fc.constantFrom('x', 'y', 'z'), { nil: undefined });
const poolMetadata = (name: string | undefined): Record<string, JsonObject> =>
  name === undefined
    ? {}
    : { 'aigateway.envoy.io': { per_route_rule_inference_pool: `ns/${name}/epp/9002/duplex/false` } };

const route: fc.Arbitrary<Route> = fc
  .record({
    name: httpRoute,
    rule: fc.nat(3),
    isAI: fc.boolean(),
    isDirect: fc.boolean(),
    hasCors: fc.boolean(),
    xdsInputs: fc.option(fc.constantFrom('hash', ';ns/edge', 'hash;ns/edge=announced', ';ns/edge=crossing:17'), {
      nil: undefined,
    }),
    pool,
  })
  .map(({ name, rule, isAI, isDirect, hasCors, xdsInputs, pool: ofPool }) => {
    const annotations: JsonObject = {
      ...(isAI && { 'ai-gateway-generated': 'true' }),
      ...(xdsInputs !== undefined && { 'ai-gateway-xds-inputs': xdsInputs }),
    };
    return create(RouteSchema, {
      name: `httproute/ns/${name}/rule/${rule}/match/0/*`,
      match: {},
      action: isDirect ? { case: 'directResponse', value: { status: 404 } } : { case: 'route', value: {} },
      typedPerFilterConfig: hasCors ? { 'envoy.filters.http.cors': { typeUrl: 'cors' } } : {},
      metadata: {
        filterMetadata: {
          'envoy-gateway': { resources: [{ kind: 'HTTPRoute', namespace: 'ns', name, annotations }] },
          ...poolMetadata(ofPool),
        },
      },
    });
  });
const filterNames = fc.subarray([
  'cors',
  'jwt_authn',
  'buffer',
  'ext_proc/user',
  'lua',
  'header_to_metadata',
  'router',
]);
const listener: fc.Arbitrary<Listener> = fc
  .record({
    name: fc.constantFrom('ns/edge/http', 'tcp-80', 'envoy-gateway-proxy-ready-x'),
    chains: fc.array(fc.record({ table: fc.constantFrom(...TABLES, 'missing'), names: filterNames }), { maxLength: 3 }),
  })
  .map(({ name, chains }) =>
    create(ListenerSchema, {
      name,
      filterChains: [
        { filters: [{ name: 'envoy.filters.network.tcp_proxy' }] },
        ...chains.map(({ table, names }) => ({
          filters: [
            {
              name: 'envoy.filters.network.http_connection_manager',
              typedConfig: anyPack(
                HttpConnectionManagerSchema,
                create(HttpConnectionManagerSchema, {
                  routeSpecifier: { case: 'rds', value: { routeConfigName: table } },
                  httpFilters: names.map((filter) => ({ name: `envoy.filters.http.${filter}` })),
                }),
              ),
            },
          ],
        })),
      ],
    }),
  );
const cluster: fc.Arbitrary<Cluster> = fc
  .record({
    name: httpRoute,
    rule: fc.nat(3),
    end: fc.constantFrom('', '/backend/0'),
    regions: fc.array(fc.nat(2)),
    pool,
  })
  .map(({ name, rule, end, regions, pool: ofPool }) => {
    const of = `httproute/ns/${name}/rule/${rule}`;
    return create(ClusterSchema, {
      name: of + end,
      metadata: { filterMetadata: poolMetadata(ofPool) },
      loadAssignment: {
        endpoints: regions.map((region) => ({ locality: { region: `${of}/backend/${region}` }, lbEndpoints: [{}] })),
      },
    });
  });
const resourcesWith = (ofRoute: fc.Arbitrary<Route>): fc.Arbitrary<XdsResources> =>
  fc.record({
    listeners: fc.array(listener, { maxLength: 3 }),
    routes: fc
      .tuple(...TABLES.map(() => fc.array(ofRoute, { maxLength: 4 })))
      .map((lists) =>
        lists.map((routes, index) =>
          create(RouteConfigurationSchema, { name: TABLES[index] ?? '', virtualHosts: [{ routes }] }),
        ),
      ),
    clusters: fc.uniqueArray(cluster, { maxLength: 4, selector: ({ name }) => name }),
    secrets: fc.constant([]),
  });
const options: fc.Arbitrary<EditOptions> = fc
  .record({ isDeployed: fc.boolean(), hasAttributes: fc.boolean(), separatesAuthentication: fc.boolean() })
  .map(({ isDeployed, hasAttributes, separatesAuthentication }) => ({
    extProcAddress: { udsPath: '/run.sock' },
    extProcDeploymentOf: () => (isDeployed ? { dnsName: 'extproc.ns.svc', port: 1063, tls: { ca: 'PEM' } } : undefined),
    logRequestHeaderAttributes: new Map(hasAttributes ? [['agent-session-id', 'session.id']] : []),
    separatesAuthentication,
  }));

const bytesOf = (resources: XdsResources) =>
  Buffer.concat([
    ...resources.listeners.map((one) => toBinary(ListenerSchema, one)),
    ...resources.routes.map((one) => toBinary(RouteConfigurationSchema, one)),
    ...resources.clusters.map((one) => toBinary(ClusterSchema, one)),
  ]);
const isPlain = (one: Route) =>
  !JSON.stringify(one.metadata?.filterMetadata).includes('ai-gateway-generated') &&
  one.metadata?.filterMetadata['aigateway.envoy.io'] === undefined;

describe('editTranslation, laws', () => {
  it('edits twice as it edits once', () => {
    fc.assert(
      fc.property(resourcesWith(route), options, (resources, settings) => {
        const once = editTranslation(resources, WORLD, settings);
        const twice = editTranslation(once.resources, WORLD, settings);
        expect(Buffer.compare(bytesOf(twice.resources), bytesOf(once.resources))).toBe(0);
        expect(twice.resources).toBe(once.resources);
        expect(twice.gateways).toEqual(once.gateways);
      }),
    );
  });

  it('removes and reorders nothing', () => {
    fc.assert(
      fc.property(resourcesWith(route), options, (resources, settings) => {
        const { resources: edited } = editTranslation(resources, WORLD, settings);
        const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
        expect(names(edited.listeners)).toEqual(names(resources.listeners));
        expect(names(edited.routes)).toEqual(names(resources.routes));
        expect(names(edited.clusters).slice(0, resources.clusters.length)).toEqual(names(resources.clusters));
      }),
    );
  });

  it('returns a Gateway without AI routes and pools by identity', () => {
    const noPool = (one: Cluster) => one.metadata?.filterMetadata['aigateway.envoy.io'] === undefined;
    fc.assert(
      fc.property(resourcesWith(route.filter(isPlain)), options, (resources, settings) => {
        const plain = { ...resources, clusters: resources.clusters.filter(noPool) };
        const { resources: edited, faults } = editTranslation(plain, WORLD, settings);
        expect(edited).toBe(plain);
        expect(faults).toEqual([]);
      }),
    );
  });

  it('gives the filter chain of a listener each filter once', () => {
    fc.assert(
      fc.property(resourcesWith(route), options, (resources, settings) => {
        const { listeners } = editTranslation(resources, WORLD, settings).resources;
        for (const { filterChains } of listeners) {
          for (const { filters } of filterChains.slice(1)) {
            const packed = filters[0]?.typedConfig;
            const manager = packed && anyUnpack(packed, HttpConnectionManagerSchema);
            const names = manager?.httpFilters.map(({ name }) => name) ?? [];
            expect(names).toHaveLength(new Set(names).size);
          }
        }
      }),
    );
  });
});
