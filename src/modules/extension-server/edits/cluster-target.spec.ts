import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ClusterSchema, type Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { LocalityLbEndpointsSchema } from '../../../gen/proto/envoy/config/endpoint/v3/endpoint_components_pb.js';
import { RouteConfigurationSchema } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import type { AIGatewayRoute, AIGatewayRouteBackendRef, AIServiceBackend } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { aiClusterEdit } from './ai-clusters.js';
import { declaredRefs } from './declared-refs.js';
import { internalMetadataText } from './filter-metadata.js';
import { ruleLookup } from './rule-lookup.js';
import { HTTP_PROTOCOL_OPTIONS } from './xds-names.js';

const NAME = 'httproute/ns/llm/rule/0';
type Locality = MessageInitShape<typeof LocalityLbEndpointsSchema>;

const llm = (...backendRefs: AIGatewayRouteBackendRef[]): AIGatewayRoute => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { namespace: 'ns', name: 'llm' },
  spec: { rules: [{ backendRefs }] },
});

const backend = (name: string): AIServiceBackend => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIServiceBackend',
  metadata: { namespace: 'ns', name },
  spec: {
    schema: { name: 'OpenAI' },
    backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name: `${name}-host` },
  },
});

/** Endpoints as Envoy Gateway makes them of the `index`-th backendRef, from the Backend behind `name`. */
const locality = (index: number, name?: string, region = `${NAME}/backend/${index}`): Locality => ({
  locality: { region },
  lbEndpoints: [{ hostIdentifier: { case: 'endpoint', value: {} } }],
  ...(name !== undefined && {
    metadata: {
      filterMetadata: { 'envoy-gateway': { resources: [{ kind: 'Backend', namespace: 'ns', name: `${name}-host` }] } },
    },
  }),
});

const clusterOf = (...endpoints: Locality[]) =>
  create(ClusterSchema, { name: NAME, loadAssignment: { clusterName: NAME, endpoints } });

/** What the route of an HTTPRoute tells, `backend-ref-priority` by `declared`. */
const tableOf = (declared: string | undefined, unusable: string | undefined) =>
  create(RouteConfigurationSchema, {
    virtualHosts: [
      {
        routes: [
          {
            metadata: {
              filterMetadata: {
                'envoy-gateway': {
                  resources: [
                    {
                      kind: 'HTTPRoute',
                      namespace: 'ns',
                      name: 'llm',
                      annotations: {
                        'ai-gateway-generated': 'true',
                        ...(declared !== undefined && { 'backend-ref-priority': declared }),
                        ...(unusable !== undefined && { 'ai-gateway-unusable-refs': unusable }),
                      },
                    },
                  ],
                },
              },
            },
          },
        ],
      },
    ],
  });

function edit(cluster: Cluster, declared: string | undefined, route: AIGatewayRoute | undefined, unusable?: string) {
  const faults: Fault[] = [];
  const world = snapshotOf([...(route ? [route] : []), backend('a'), backend('b'), backend('c')]);
  const options = { declaredRefs: declaredRefs([tableOf(declared, unusable)]) };
  const edited = aiClusterEdit(world, ruleLookup(world), options, (fault) => void faults.push(fault))(cluster);
  const identities = edited.loadAssignment?.endpoints.map(({ priority, lbEndpoints: [endpoint] }) => [
    internalMetadataText(endpoint?.metadata, 'per_route_rule_backend_name'),
    priority,
  ]);
  return {
    identities,
    identity: internalMetadataText(edited.metadata, 'per_route_rule_backend_name'),
    hasProcessor: HTTP_PROTOCOL_OPTIONS in edited.typedExtensionProtocolOptions,
    faults: faults.map(({ reason }) => reason),
  };
}

const identityOf = (name: string, index: number) => `ns/${name}/route/llm/rule/0/ref/${index}`;

describe('a cluster of an HTTPRoute that declares other backendRefs than the route has', () => {
  it.each([
    ['had another order', '0:b:0,0:a:1', [{ name: 'a' }, { name: 'b', priority: 1 }], ['b', 'a']],
    ['had another ref, which is in no rule now', '0:c:0,0:a:1', [{ name: 'a' }, { name: 'b' }], ['c', 'a']],
    ['had a ref more', '0:c:0,0:a:1', [{ name: 'a' }], ['c', 'a']],
    ['had a ref that has weight 0 now', '0:b:0,0:a:1', [{ name: 'b' }, { name: 'a', weight: 0 }], ['b', 'a']],
    ['has no rule of this index now', '0:b:0,0:a:1', undefined, ['b', 'a']],
  ])('gets the identities that the HTTPRoute declares when the route %s', (_, declared, refs, names) => {
    const route = refs ? llm(...refs) : { ...llm(), spec: { rules: [] } };
    const { identities, faults } = edit(clusterOf(locality(0, names[0]), locality(1, names[1])), declared, route);
    expect(identities).toEqual(names.map((name, index) => [identityOf(name, index), index]));
    expect(faults).toEqual([]);
  });

  it.each([
    ['Envoy Gateway names no Backend', [locality(0), locality(1)]],
    ['Envoy Gateway names other Backends', [locality(0, 'a'), locality(1, 'b')]],
    ['regions are zones', [locality(0, 'b', 'zone'), locality(1, 'a', 'zone')]],
  ])('is refused when %s', (_, localities) => {
    const found = edit(clusterOf(...localities), '0:b:0,0:a:0', llm({ name: 'a' }, { name: 'b' }));
    expect(found.identities).toEqual(localities.map(() => [undefined, 0]));
    expect(found).toMatchObject({ hasProcessor: true, faults: ['RouteOutdated'] });
  });

  it('is refused when the Backend of a ref is not known here', () => {
    const found = edit(clusterOf(locality(0, 'new')), '0:new:0', llm({ name: 'a' }));
    expect(found).toMatchObject({ identities: [[undefined, 0]], hasProcessor: true, faults: ['RouteOutdated'] });
  });

  it('gets the identity of the only ref for endpoints by EDS', () => {
    const { identity } = edit(create(ClusterSchema, { name: NAME }), '0:b:0', llm({ name: 'a' }));
    expect(identity).toBe(identityOf('b', 0));
  });
});

describe('a cluster of an HTTPRoute of ours', () => {
  it.each([
    ['the same', '0:a:0,0:b:2,1:x:0'],
    ['nothing', undefined],
    ['what nobody understands', 'a,b'],
    ['nothing of this rule', '1:x:0'],
  ])('goes by the route when it declares %s, however little Envoy Gateway tells', (_, declared) => {
    const { identities } = edit(clusterOf(locality(0, undefined, ''), locality(1, undefined, '')), declared, LLM);
    expect(identities).toEqual([
      [identityOf('a', 0), 0],
      [identityOf('b', 1), 2],
    ]);
  });

  it.each([
    ['0:0', 'b', 1],
    ['0:1,1:0', 'a', 0],
  ])(
    'has the identity of the only ref that can be used, when its endpoints come by EDS: not %s',
    (unusable, name, index) => {
      const { identity, faults } = edit(create(ClusterSchema, { name: NAME }), '0:a:0,0:b:2', LLM, unusable);
      expect(identity).toBe(identityOf(name, index));
      expect(faults).toEqual([]);
    },
  );

  it('goes by positions among the refs that can be used', () => {
    const { identities } = edit(clusterOf(locality(0, 'b', 'zone')), '0:a:0,0:b:2', LLM, '0:0');
    expect(identities).toEqual([[identityOf('b', 1), 2]]);
  });

  it.each([undefined, '1:0', '0:2', ''])(
    'is refused when its endpoints come by EDS and both can be used: %j',
    (unusable) => {
      const { identity, faults } = edit(create(ClusterSchema, { name: NAME }), '0:a:0,0:b:2', LLM, unusable);
      expect(identity).toBeUndefined();
      expect(faults).toEqual(['BackendsNotDistinguishable']);
    },
  );

  it('is refused when nobody knows its route', () => {
    const found = edit(clusterOf(locality(0, 'a')), '0:a:0', undefined);
    expect(found).toMatchObject({ identities: [[undefined, 0]], hasProcessor: true, faults: ['RouteOutdated'] });
  });

  it.each([
    ['the rule', 'a,b', { ...llm(), spec: { rules: [] } }],
    ['a backendRef that is used', undefined, llm({ name: 'a', weight: 0 })],
  ])('is refused when nobody knows %s', (_, declared, route) => {
    const found = edit(clusterOf(locality(0, 'a')), declared, route);
    expect(found).toMatchObject({ identities: [[undefined, 0]], hasProcessor: true, faults: ['BackendRefNotFound'] });
  });

  it('is left alone when it is of another HTTPRoute', () => {
    const cluster = create(ClusterSchema, { name: 'httproute/ns/plain/rule/0' });
    expect(edit(cluster, '0:a:0', LLM)).toMatchObject({ hasProcessor: false, faults: [] });
  });
});

const LLM = llm({ name: 'a' }, { name: 'b', priority: 2 });
