import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from '@jest/globals';
import {
  ClusterSchema,
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
} from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { RouteSchema } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import { modifyPoolCluster, modifyPoolRoute } from './pool-hooks.js';

const pool = (name = 'llama') =>
  Buffer.from(
    JSON.stringify({
      apiVersion: 'inference.networking.k8s.io/v1',
      kind: 'InferencePool',
      metadata: { namespace: 'ns', name },
      spec: { endpointPickerRef: { name: 'epp' } },
    }),
  );
const other = Buffer.from(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }));
const UNKNOWN = { no: 4_000, wireType: WireType.Varint, data: Uint8Array.of(42) };
const POOL = 'ns/llama/epp/9002/duplex/false';

describe('modifyPoolCluster', () => {
  const cluster = {
    ...create(ClusterSchema, {
      name: 'httproute/ns/llm/rule/0',
      clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
      lbPolicy: Cluster_LbPolicy.LEAST_REQUEST,
      lbConfig: { case: 'roundRobinLbConfig', value: {} },
      loadBalancingPolicy: { policies: [{}] },
      edsClusterConfig: { serviceName: 'x' },
      metadata: { filterMetadata: { 'aigateway.envoy.io': { kept: 'yes' }, other: { kept: 'too' } } },
    }),
    $unknown: [UNKNOWN],
  };

  it('rewrites the cluster of one pool to the destination of a header', () => {
    const { resource, problems } = modifyPoolCluster(cluster, [other, pool()]);
    expect(problems).toEqual([]);
    expect(resource).toEqual({
      ...create(ClusterSchema, {
        name: cluster.name,
        clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.ORIGINAL_DST },
        lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED,
        connectTimeout: { seconds: 10n },
        lbConfig: {
          case: 'originalDstLbConfig',
          value: { useHttpHeader: true, httpHeaderName: 'x-gateway-destination-endpoint' },
        },
        metadata: {
          filterMetadata: {
            'aigateway.envoy.io': { kept: 'yes', per_route_rule_inference_pool: POOL },
            other: { kept: 'too' },
          },
        },
      }),
      $unknown: [UNKNOWN],
    });
  });

  it.each([
    ['no resources', []],
    ['resources that are no pools', [other]],
  ])('leaves a cluster with %s as it is', (_case, resources) => {
    expect(modifyPoolCluster(cluster, resources)).toEqual({ resource: cluster, problems: [] });
    expect(modifyPoolCluster(cluster, resources).resource).toBe(cluster);
  });

  it('leaves a cluster with several pools as it is, and tells', () => {
    const { resource, problems } = modifyPoolCluster(cluster, [pool(), pool('mistral')]);
    expect(resource).toBe(cluster);
    expect(problems).toEqual([expect.stringContaining('cluster "httproute/ns/llm/rule/0" has 2 InferencePools')]);
  });

  it('passes by what is no JSON, and tells', () => {
    const { resource, problems } = modifyPoolCluster(cluster, [Buffer.from('{'), pool()]);
    expect(resource.lbPolicy).toBe(Cluster_LbPolicy.CLUSTER_PROVIDED);
    expect(problems).toHaveLength(1);
  });
});

describe('modifyPoolRoute', () => {
  const routeOf = (action: MessageInitShape<typeof RouteSchema>['action']) =>
    create(RouteSchema, { name: 'r', ...(action ? { action } : {}) });
  const forwarding = routeOf({
    case: 'route',
    value: { hostRewriteSpecifier: { case: 'autoHostRewrite', value: { value: true } }, appendXForwardedHost: true },
  });

  it('switches the host rewrite off and names the pool', () => {
    const { resource } = modifyPoolRoute(forwarding, [pool()]);
    expect(resource).toMatchObject({
      action: {
        case: 'route',
        value: {
          hostRewriteSpecifier: { case: 'autoHostRewrite', value: { value: false } },
          appendXForwardedHost: true,
        },
      },
      metadata: { filterMetadata: { 'aigateway.envoy.io': { per_route_rule_inference_pool: POOL } } },
    });
  });

  it.each([
    ['a direct response', routeOf({ case: 'directResponse', value: { status: 404 } })],
    ['a redirect', routeOf({ case: 'redirect', value: {} })],
    ['a route without action', routeOf(undefined)],
  ])('leaves %s as it is', (_case, route) => {
    expect(modifyPoolRoute(route, [pool()]).resource).toBe(route);
  });

  it('leaves a route without pool as it is', () => {
    expect(modifyPoolRoute(forwarding, [other]).resource).toBe(forwarding);
  });

  it('leaves a route with several pools as it is, and tells how many', () => {
    const { resource, problems } = modifyPoolRoute(forwarding, [pool('a'), pool('b'), pool('c')]);
    expect(resource).toBe(forwarding);
    expect(problems).toEqual([expect.stringContaining('route "r" has 3 InferencePools')]);
  });
});
