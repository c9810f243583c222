import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack, AnySchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { ClusterSchema, type Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { MetadataSchema } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import type {
  LbEndpoint,
  LocalityLbEndpointsSchema,
} from '../../../gen/proto/envoy/config/endpoint/v3/endpoint_components_pb.js';
import { ClusterLoadAssignmentSchema } from '../../../gen/proto/envoy/config/endpoint/v3/endpoint_pb.js';
import { HttpProtocolOptionsSchema } from '../../../gen/proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import type { AIGatewayRoute, AIGatewayRouteBackendRef, AIServiceBackend } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { aiClusterEdit, editLoadAssignment, type ClusterEditOptions } from './ai-clusters.js';
import { internalMetadataText } from './filter-metadata.js';
import { unpack } from './packed.js';
import { ruleLookup } from './rule-lookup.js';
import { EXT_PROC_FILTER, HTTP_PROTOCOL_OPTIONS } from './xds-names.js';

type Locality = MessageInitShape<typeof LocalityLbEndpointsSchema>;
const POOL = 'ns/pool/epp/9002/duplex/false';
const NAME = 'httproute/ns/llm/rule/0';
const OPTIONS: ClusterEditOptions = {};

function worldOf(...backendRefs: AIGatewayRouteBackendRef[]) {
  const route: AIGatewayRoute = {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'AIGatewayRoute',
    metadata: { namespace: 'ns', name: 'llm' },
    spec: { rules: [{ backendRefs }] },
  };
  return snapshotOf([route]);
}

function edit(cluster: Cluster, refs: AIGatewayRouteBackendRef[], options = OPTIONS) {
  const faults: Fault[] = [];
  const world = worldOf(...refs);
  const edited = aiClusterEdit(world, ruleLookup(world), options, (fault) => void faults.push(fault))(cluster);
  return { edited, faults: faults.map(({ reason }) => reason) };
}

const endpointAt = (address: string, hostname = '', tlsMatch?: string) =>
  ({
    hostIdentifier: {
      case: 'endpoint',
      value: { hostname, address: { address: { case: 'socketAddress', value: { address } } } },
    },
    ...(tlsMatch === undefined
      ? {}
      : { metadata: { filterMetadata: { 'envoy.transport_socket_match': { name: tlsMatch } } } }),
  }) as const;
const localityOf = (region: string, ...lbEndpoints: ReturnType<typeof endpointAt>[]) => ({
  locality: { region },
  lbEndpoints: lbEndpoints.length > 0 ? lbEndpoints : [endpointAt('host.test')],
});
const clusterOf = (name: string, ...endpoints: Locality[]) =>
  create(ClusterSchema, { name, loadAssignment: { clusterName: name, endpoints } });

/** Per locality: priority and backend names of its endpoints, shortened to `<backend>/<index>`. */
const identities = (assignment: Cluster['loadAssignment']) =>
  assignment?.endpoints.map(({ priority, lbEndpoints }) => [priority, ...lbEndpoints.map(identityOf)]);
function identityOf(endpoint: LbEndpoint): string {
  const identity = internalMetadataText(endpoint.metadata, 'per_route_rule_backend_name');
  return identity?.replace(/^ns\/(.*)\/route\/llm\/rule\/0\/ref\//, '$1/') ?? 'none';
}
const upstreamFilters = (cluster: Cluster) =>
  unpack(cluster.typedExtensionProtocolOptions[HTTP_PROTOCOL_OPTIONS], HttpProtocolOptionsSchema)?.httpFilters.map(
    ({ name }) => name.replace('envoy.filters.http.', ''),
  );
const ADDED = ['ext_proc/aigateway', 'header_mutation'];

describe('aiClusterEdit, identity', () => {
  const refs = [{ name: 'a' }, { name: 'b', weight: 0 }, { name: 'c', priority: 2 }];
  const alike = [{ name: 'a' }, { name: 'b', weight: 0 }, { name: 'c' }];

  it('follows the region of a locality, in any order and number', () => {
    const cluster = clusterOf(
      NAME,
      localityOf(`${NAME}/backend/2`),
      localityOf(`${NAME}/backend/0`),
      localityOf(`${NAME}/backend/2`),
    );
    expect(identities(edit(cluster, refs).edited.loadAssignment)).toEqual([
      [2, 'c/2'],
      [0, 'a/0'],
      [2, 'c/2'],
    ]);
  });

  it('follows the TLS match of the endpoints when the region is a zone', () => {
    const cluster = clusterOf(
      NAME,
      localityOf('zone-1', endpointAt('c.test', '', `${NAME}/tls/1`), endpointAt('d.test', '', `${NAME}/tls/1`)),
      localityOf('zone-2', endpointAt('a.test', '', `${NAME}/tls/0`)),
    );
    expect(identities(edit(cluster, refs).edited.loadAssignment)).toEqual([
      [2, 'c/2', 'c/2'],
      [0, 'a/0'],
    ]);
  });

  it('follows the position when nothing else is known, without refs of weight 0', () => {
    const cluster = clusterOf(NAME, localityOf(''), localityOf(''));
    expect(identities(edit(cluster, refs).edited.loadAssignment)).toEqual([
      [0, 'a/0'],
      [2, 'c/2'],
    ]);
  });

  it.each([
    ['there are fewer localities than refs', [localityOf('')]],
    ['there are more localities than refs', [localityOf(''), localityOf(''), localityOf('')]],
    ['only one of them is known', [localityOf(`${NAME}/backend/0`), localityOf('')]],
    ['a region names a ref of weight 0', [localityOf(`${NAME}/backend/0`), localityOf(`${NAME}/backend/1`)]],
    [
      'a region belongs to another rule',
      [localityOf(`${NAME}/backend/0`), localityOf('httproute/ns/llm/rule/1/backend/2')],
    ],
    [
      'endpoints of one locality disagree',
      [
        localityOf('zone-1', endpointAt('a.test', '', `${NAME}/tls/0`), endpointAt('c.test', '', `${NAME}/tls/1`)),
        localityOf('zone-2', endpointAt('a.test', '', `${NAME}/tls/0`)),
      ],
    ],
  ])('is given to no endpoint when %s, but the processor stays', (_case, localities) => {
    const { edited, faults } = edit(clusterOf(NAME, ...localities), refs);
    expect(faults).toEqual(['LocalityNotMapped']);
    expect(new Set(identities(edited.loadAssignment)?.flatMap(([, ...names]) => names))).toEqual(new Set(['none']));
    expect(upstreamFilters(edited)).toEqual([...ADDED, 'upstream_codec']);
  });

  it('of a per-backend cluster is that of its ref for every locality', () => {
    const cluster = clusterOf(`${NAME}/backend/2`, localityOf('zone-1'), localityOf('zone-2'));
    expect(identities(edit(cluster, refs).edited.loadAssignment)).toEqual([
      [2, 'c/2'],
      [2, 'c/2'],
    ]);
  });

  it.each([
    ['the only ref', NAME, [{ name: 'a' }], 'ns/a/route/llm/rule/0/ref/0'],
    [
      'the only ref whose weight is not 0',
      NAME,
      [{ name: 'a', weight: 0 }, { name: 'b' }],
      'ns/b/route/llm/rule/0/ref/1',
    ],
    ['the ref of the name', `${NAME}/backend/2`, alike, 'ns/c/route/llm/rule/0/ref/2'],
  ])('of an EDS cluster is that of %s', (_case, name, ofRule, expected) => {
    const { edited, faults } = edit(create(ClusterSchema, { name }), ofRule);
    expect(faults).toEqual([]);
    expect(edited.metadata?.filterMetadata['aigateway.envoy.io']).toEqual({ per_route_rule_backend_name: expected });
  });

  it.each([
    [false, ['BackendsNotDistinguishable']],
    [true, []],
  ])('of an EDS cluster with several backends stays open, endpoints hook: %s', (hasEndpointsHook, expected) => {
    const { edited, faults } = edit(create(ClusterSchema, { name: NAME }), refs, { ...OPTIONS, hasEndpointsHook });
    expect(faults).toEqual(expected);
    expect(edited.metadata).toBeUndefined();
  });

  it('of an inference pool stands on the cluster and leaves endpoints alone', () => {
    const metadata = create(MetadataSchema, {
      filterMetadata: { 'aigateway.envoy.io': { per_route_rule_inference_pool: POOL } },
    });
    const pool = { ...clusterOf(NAME, localityOf('')), metadata };
    const { edited } = edit(pool, [{ name: 'pool', kind: 'InferencePool' }]);
    expect(edited.loadAssignment).toBe(pool.loadAssignment);
    expect(edited.metadata?.filterMetadata['aigateway.envoy.io']).toEqual({
      per_route_rule_inference_pool: POOL,
      per_route_rule_backend_name: 'ns/pool/route/llm/rule/0/ref/0',
    });
  });
});

describe('aiClusterEdit, localities whose Backend is known', () => {
  const backend = (name: string, target: { readonly name: string; readonly namespace?: string }): AIServiceBackend => ({
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'AIServiceBackend',
    metadata: { namespace: 'ns', name },
    spec: {
      schema: { name: 'OpenAI' },
      backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', ...target },
    },
  });
  type Place = ReturnType<typeof localityOf>;
  const from = (place: Place, namespace: string, name: string, kind = 'Backend') => ({
    ...place,
    metadata: { filterMetadata: { 'envoy-gateway': { resources: [{ kind, namespace, name }] } } },
  });
  const world = (...refs: AIGatewayRouteBackendRef[]) =>
    snapshotOf([
      ...worldOf(...refs).list({ group: 'aigateway.envoyproxy.io', kind: 'AIGatewayRoute' }),
      backend('a', { name: 'a-host' }),
      backend('b', { name: 'b-host', namespace: 'far' }),
    ]);
  const identified = (name: string, refs: AIGatewayRouteBackendRef[], ...localities: Locality[]) => {
    const { assignment, faults } = editLoadAssignment(
      create(ClusterLoadAssignmentSchema, { clusterName: name, endpoints: localities }),
      world(...refs),
    );
    return [identities(assignment)?.flatMap(([, ...names]) => names), faults.map(({ reason }) => reason)];
  };
  const a = from(localityOf(`${NAME}/backend/0`), 'ns', 'a-host');
  const b = from(localityOf(`${NAME}/backend/1`), 'far', 'b-host');

  it('get the identity of the ref that leads to this Backend', () => {
    expect(identified(NAME, [{ name: 'a' }, { name: 'b' }], a, b)).toEqual([['a/0', 'b/1'], []]);
  });

  it.each([
    ['the rule has another ref by now', NAME, [{ name: 'b' }], [a]],
    ['the refs were exchanged', NAME, [{ name: 'b' }, { name: 'a' }], [a, b]],
    ['the cluster is that of one ref', `${NAME}/backend/0`, [{ name: 'b' }, { name: 'a' }], [a]],
    ['the Backend has its name in another namespace', NAME, [{ name: 'b' }], [from(localityOf(''), 'ns', 'b-host')]],
    [
      'positions count a ref that the HTTPRoute leaves out',
      NAME,
      [{ name: 'gone' }, { name: 'a' }, { name: 'b' }],
      [
        from(localityOf('zone', endpointAt('a.test', '', `${NAME}/tls/0`)), 'ns', 'a-host'),
        from(localityOf('zone', endpointAt('b.test', '', `${NAME}/tls/1`)), 'far', 'b-host'),
      ],
    ],
  ])('get no identity when %s', (_case, name, refs, localities) => {
    expect(identified(name, refs, ...localities)).toEqual([localities.map(() => 'none'), ['LocalityNotMapped']]);
  });

  it.each([
    ['its ref leads to nothing known', [{ name: 'other' }], a],
    ['Envoy Gateway names something else', [{ name: 'b' }], from(localityOf(''), 'ns', 'a-host', 'Service')],
    ['Envoy Gateway names nothing', [{ name: 'b' }], localityOf('')],
  ])('are not judged when %s', (_case, refs, locality) => {
    expect(identified(NAME, refs, locality)).toEqual([[`${refs[0]!.name}/0`], []]);
  });
});

describe('aiClusterEdit, one cluster for each backend', () => {
  const ofRef = () => clusterOf(`${NAME}/backend/0`, localityOf(''));

  it.each([
    ['different priorities', [{ name: 'a' }, { name: 'b', priority: 1 }], ['PrioritiesNotApplied']],
    ['equal priorities', [{ name: 'a' }, { name: 'b', priority: 0 }], []],
    ['a priority of a ref of weight 0', [{ name: 'a' }, { name: 'b', priority: 1, weight: 0 }], []],
  ])('tells what happens to %s', (_case, refs, expected) => {
    expect(edit(ofRef(), refs).faults).toEqual(expected);
  });
});

describe('aiClusterEdit, several InferencePools in one rule', () => {
  it('gets the processor and no identity', () => {
    const ref = { group: 'inference.networking.k8s.io', kind: 'InferencePool' };
    const { edited, faults } = edit(create(ClusterSchema, { name: NAME }), [
      { ...ref, name: 'a' },
      { ...ref, name: 'b' },
    ]);
    expect(faults).toEqual(['SeveralInferencePools']);
    expect(edited.metadata).toBeUndefined();
    expect(upstreamFilters(edited)).toEqual([...ADDED, 'upstream_codec']);
  });
});

describe('aiClusterEdit, upstream host', () => {
  it.each([
    ['the host name of the endpoint', endpointAt('10.0.0.1', 'api.test'), 'api.test'],
    ['its DNS address', endpointAt('api.test'), 'api.test'],
    ['nothing for IPv4', endpointAt('10.0.0.1'), undefined],
    ['nothing for IPv6', endpointAt('fd00::1'), undefined],
    ['nothing without address', endpointAt(''), undefined],
  ])('is %s', (_case, endpoint, expected) => {
    const { edited } = edit(clusterOf(NAME, localityOf('', endpoint)), [{ name: 'a' }]);
    const [lbEndpoint] = edited.loadAssignment?.endpoints[0]?.lbEndpoints ?? [];
    expect(lbEndpoint?.metadata?.filterMetadata['aigateway.envoy.io']?.['upstream_host']).toBe(expected);
  });

  it('stands beside what others wrote', () => {
    const { edited } = edit(clusterOf(NAME, localityOf('', endpointAt('api.test', '', 'x'))), [{ name: 'a' }]);
    const [lbEndpoint] = edited.loadAssignment?.endpoints[0]?.lbEndpoints ?? [];
    expect(lbEndpoint?.metadata?.filterMetadata['envoy.transport_socket_match']).toEqual({ name: 'x' });
  });
});

describe('aiClusterEdit, scope', () => {
  it.each(['ai-gateway-extproc-uds', 'httproute/ns/plain/rule/0'])('leaves cluster %s alone', (name) => {
    const cluster = create(ClusterSchema, { name });
    const { edited, faults } = edit(cluster, [{ name: 'a' }]);
    expect(edited).toBe(cluster);
    expect(faults).toEqual([]);
  });

  it.each(['httproute/ns/llm/rule/7', `${NAME}/backend/5`])(
    'leaves %s alone, which the route does not have',
    (name) => {
      const cluster = create(ClusterSchema, { name });
      const { edited, faults } = edit(cluster, [{ name: 'a' }]);
      expect(edited).toBe(cluster);
      expect(faults).toEqual(['BackendRefNotFound']);
    },
  );
});

describe('aiClusterEdit, upstream filters', () => {
  const withOptions = (init: MessageInitShape<typeof HttpProtocolOptionsSchema>) => {
    const options = anyPack(HttpProtocolOptionsSchema, create(HttpProtocolOptionsSchema, init));
    return create(ClusterSchema, { name: NAME, typedExtensionProtocolOptions: { [HTTP_PROTOCOL_OPTIONS]: options } });
  };

  it.each([
    ['none', [], [...ADDED, 'upstream_codec']],
    ['the codec', ['upstream_codec'], [...ADDED, 'upstream_codec']],
    ['a chain', ['credential_injector', 'upstream_codec'], ['credential_injector', ...ADDED, 'upstream_codec']],
  ])('stand before the codec of %s', (_case, names, expected) => {
    const cluster = withOptions({ httpFilters: names.map((name) => ({ name: `envoy.filters.http.${name}` })) });
    expect(upstreamFilters(edit(cluster, [{ name: 'a' }]).edited)).toEqual(expected);
  });

  it('come with HTTP/1.1 options when there are none', () => {
    const cluster = create(ClusterSchema, { name: NAME });
    const packed = edit(cluster, [{ name: 'a' }]).edited.typedExtensionProtocolOptions[HTTP_PROTOCOL_OPTIONS];
    expect(unpack(packed, HttpProtocolOptionsSchema)?.upstreamProtocolOptions).toMatchObject({
      case: 'explicitHttpConfig',
      value: { protocolConfig: { case: 'httpProtocolOptions' } },
    });
  });

  it('keep the options of Envoy Gateway', () => {
    const cluster = withOptions({ upstreamProtocolOptions: { case: 'autoConfig', value: {} } });
    const packed = edit(cluster, [{ name: 'a' }]).edited.typedExtensionProtocolOptions[HTTP_PROTOCOL_OPTIONS];
    expect(unpack(packed, HttpProtocolOptionsSchema)?.upstreamProtocolOptions.case).toBe('autoConfig');
  });

  it('are not added a second time', () => {
    const cluster = withOptions({ httpFilters: [{ name: EXT_PROC_FILTER }] });
    expect(edit(cluster, [{ name: 'a' }]).edited.typedExtensionProtocolOptions).toBe(
      cluster.typedExtensionProtocolOptions,
    );
  });

  it('are left out when the options cannot be decoded', () => {
    const corrupt = create(AnySchema, {
      typeUrl: `type.googleapis.com/${HttpProtocolOptionsSchema.typeName}`,
      value: Uint8Array.of(0xff),
    });
    const cluster = create(ClusterSchema, {
      name: NAME,
      typedExtensionProtocolOptions: { [HTTP_PROTOCOL_OPTIONS]: corrupt },
    });
    const { edited, faults } = edit(cluster, [{ name: 'a' }]);
    expect(edited).toBe(cluster);
    expect(faults).toEqual(['UndecodableProtocolOptions']);
  });
});

describe('editLoadAssignment', () => {
  const refs = [{ name: 'a' }, { name: 'b', priority: 1 }];
  const assignmentOf = (clusterName: string, ...endpoints: Locality[]) =>
    create(ClusterLoadAssignmentSchema, { clusterName, endpoints });

  it('gives endpoints of an EDS cluster their identity and priority', () => {
    const before = assignmentOf(NAME, localityOf(`${NAME}/backend/1`), localityOf(`${NAME}/backend/0`));
    const { assignment, faults } = editLoadAssignment(before, worldOf(...refs));
    expect(faults).toEqual([]);
    expect(identities(assignment)).toEqual([
      [1, 'b/1'],
      [0, 'a/0'],
    ]);
  });

  it('leaves an assignment alone that cannot be mapped, and tells', () => {
    const before = assignmentOf(NAME, localityOf('zone-1'));
    const { assignment, faults } = editLoadAssignment(before, worldOf(...refs));
    expect(assignment).toBe(before);
    expect(faults).toMatchObject([
      {
        object: 'aigateway.envoyproxy.io/AIGatewayRoute/ns/llm',
        path: 'spec.rules[0]',
        message:
          'cluster "httproute/ns/llm/rule/0": its localities cannot be mapped to the 2 backendRefs of the rule, so requests are refused. This ends by itself when the route was changed a moment ago; otherwise use one backendRef per rule, or turn off zone-aware load balancing for the route.',
      },
    ]);
  });
});
