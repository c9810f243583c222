import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { create } from '@bufbuild/protobuf';
import { parseAllDocuments } from 'yaml';
import { ConfigSourceSchema } from '../../../gen/proto/envoy/config/core/v3/config_source_pb.js';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { editTranslation } from '../../extension-server/edits/edit-translation.js';
import { translateGateway } from './translate-gateway.js';

/** The AI route behind the HTTPRoute of the case; its second and third ref of rule 0 are missing and of weight 0. */
const aiRoute: AIGatewayRoute = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { name: 'llm', namespace: 'default' },
  spec: {
    rules: [
      {
        backendRefs: [
          { name: 'openai' },
          { name: 'missing', priority: 1 },
          { name: 'off', weight: 0 },
          { name: 'bedrock', priority: 2 },
        ],
      },
      { backendRefs: [{ name: 'local' }, { name: 'bedrock', priority: 1 }] },
    ],
  },
};

describe('the extension-server edits on translated resources', () => {
  const text = readFileSync(join(import.meta.dirname, 'testdata/fallback.in.yaml'), 'utf8');
  const objects = parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
  const world = snapshotOf([...objects, aiRoute]);
  const { resources } = translateGateway(world.get(kinds.gateway, 'default', 'edge')!, world, {
    rdsConfigSource: () => create(ConfigSourceSchema),
    listenAddress: '127.0.0.1',
    accessLogPath: '/dev/null',
    systemCaPath: '/ca.pem',
  });
  const edited = editTranslation(resources, world, {
    extProcAddress: { udsPath: '/run.sock' },
    logRequestHeaderAttributes: new Map(),
  }).resources;

  it('give each endpoint the identity and the priority of its ref', () => {
    const identities = edited.clusters.flatMap(({ loadAssignment }) =>
      (loadAssignment?.endpoints ?? []).flatMap(({ priority, lbEndpoints }) =>
        lbEndpoints.map(({ metadata }) => [
          priority,
          metadata?.filterMetadata['aigateway.envoy.io']?.['per_route_rule_backend_name'],
        ]),
      ),
    );
    expect(identities.filter(([, name]) => name !== undefined)).toEqual([
      [0, 'default/openai/route/llm/rule/0/ref/0'],
      [2, 'default/bedrock/route/llm/rule/0/ref/3'],
      // The ref names no priority, so that of `Backend.spec.fallback` stays.
      [1, 'default/local/route/llm/rule/1/ref/0'],
      [1, 'default/bedrock/route/llm/rule/1/ref/1'],
    ]);
  });

  it('keep the socket matches of the endpoints', () => {
    const [endpoint] = edited.clusters[0]!.loadAssignment!.endpoints[0]!.lbEndpoints;
    expect(endpoint?.metadata?.filterMetadata['envoy.transport_socket_match']).toEqual({
      name: 'httproute/default/llm/rule/0/tls/0',
    });
  });

  it('enable the processor on every route', () => {
    const routes = edited.routes.flatMap(({ virtualHosts }) => virtualHosts.flatMap((host) => host.routes));
    expect(routes.map(({ typedPerFilterConfig }) => Object.keys(typedPerFilterConfig))).toEqual([
      ['envoy.filters.http.ext_proc/aigateway'],
      ['envoy.filters.http.ext_proc/aigateway'],
      ['envoy.filters.http.ext_proc/aigateway'],
    ]);
    expect(routes[0]?.metadata?.filterMetadata['aigateway.envoy.io']).toEqual({ aigw_route_name: 'default/llm' });
  });
});
