import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ClusterSchema } from '../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '../../gen/proto/envoy/config/endpoint/v3/endpoint_pb.js';
import { RouteConfigurationSchema } from '../../gen/proto/envoy/config/route/v3/route_pb.js';
import type { AIGatewayRoute } from '../../shared/api/ai-gateway.js';
import { snapshotOf } from '../../shared/api/snapshot.js';
import { editLoadAssignment } from './edits/ai-clusters.js';
import { EndpointOrigins } from './endpoint-origins.js';

const CLUSTER = 'httproute/ns/llm/rule/0';
const LLM: AIGatewayRoute = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { namespace: 'ns', name: 'llm' },
  spec: { rules: [{ backendRefs: [{ name: 'a' }, { name: 'b', priority: 1 }] }] },
};

/** Endpoints as the replica answers them that knows the route as it is above. */
function noted(): EndpointOrigins {
  const assignment = create(ClusterLoadAssignmentSchema, {
    clusterName: CLUSTER,
    endpoints: [0, 1].map((ref) => ({ locality: { region: `${CLUSTER}/backend/${ref}` }, lbEndpoints: [{}] })),
  });
  const { rule, faults } = editLoadAssignment(assignment, snapshotOf([LLM]));
  expect(faults).toEqual([]);
  const origins = new EndpointOrigins();
  origins.note(CLUSTER, rule);
  return origins;
}

/** A translation of an HTTPRoute that declares these backendRefs; undefined: one that declares nothing. */
const translation = (refs: string | undefined, isEds = true) => ({
  listeners: [],
  secrets: [],
  clusters: [create(ClusterSchema, { name: CLUSTER, ...(!isEds && { loadAssignment: {} }) })],
  routes: [
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
                          ...(refs !== undefined && { 'backend-ref-priority': refs }),
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
    }),
  ],
});

describe('EndpointOrigins', () => {
  it.each([
    { title: 'another priority', refs: '0:a:0,0:b:2' },
    { title: 'another backend', refs: '0:a:0,0:c:1' },
    { title: 'fewer backendRefs', refs: '0:a:0' },
    { title: 'another order', refs: '0:b:1,0:a:0' },
  ])('tells of endpoints that were written by a late replica, when the HTTPRoute declares $title', ({ refs }) => {
    expect(noted().faults(translation(refs))).toMatchObject([
      {
        object: 'aigateway.envoyproxy.io/AIGatewayRoute/ns/llm',
        path: 'spec.rules[0]',
        reason: 'RouteOutdated',
        severity: 'error',
        message: expect.stringContaining(`cluster "${CLUSTER}" gets its endpoints by EDS`),
      },
    ]);
  });

  it.each([
    { title: 'declares the same', at: translation('0:a:0,0:b:1') },
    { title: 'declares nothing', at: translation(undefined) },
    { title: 'has endpoints in its clusters', at: translation('0:a:0,0:b:2', false) },
  ])('tells nothing when the HTTPRoute $title', ({ at }) => {
    expect(noted().faults(at)).toEqual([]);
  });

  it('forgets endpoints that belong to others now', () => {
    const origins = noted();
    origins.note(CLUSTER, undefined);
    expect(origins.faults(translation('0:a:0,0:b:2'))).toEqual([]);
  });
});
