import { create, fromBinary, toBinary, type Message } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ClusterSchema, Cluster_DiscoveryType } from '../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { HttpConnectionManagerSchema } from '../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import {
  PostEndpointsModifyResponseSchema,
  PostTranslateModifyResponseSchema,
} from '../../gen/proto/envoygateway/extension/service_pb.js';
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as Status,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
} from '../../gen/proto/grpc/health/v1/health_pb.js';
import type { KubeObject } from '../../shared/api/kube-object.js';
import { snapshotOf, type Snapshot } from '../../shared/api/snapshot.js';
import { grpcStatus } from '../../platform/grpc/status.js';
import { EXTENSION_SERVICE, ExtensionServerUnderTest } from '../../../test/harness/extension-server-under-test.js';
import { CATCH_UP_MS } from './catch-up-time.js';
import type { ExtensionServerOptions } from './server.js';

const CLUSTER = 'httproute/ns/llm/rule/0';
const LLM = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { namespace: 'ns', name: 'llm' },
  spec: { rules: [{ backendRefs: [{ name: 'a' }, { name: 'b', priority: 1 }] }] },
} as KubeObject;
const WORLD = snapshotOf([LLM]);
const UNKNOWN = { no: 4_000, wireType: WireType.Varint, data: Uint8Array.of(42) };
const withUnknown = <M extends Message>(message: M): M => ({ ...message, $unknown: [UNKNOWN] });

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function start(overrides: Partial<ExtensionServerOptions> = {}): Promise<ExtensionServerUnderTest> {
  const server = await ExtensionServerUnderTest.start({ world: () => WORLD, ...overrides });
  cleanups.push(() => server.close());
  return server;
}

const aiTable = {
  name: 'table',
  virtualHosts: [
    {
      metadata: {
        filterMetadata: { 'envoy-gateway': { resources: [{ kind: 'Gateway', namespace: 'ns', name: 'edge' }] } },
      },
      routes: [
        {
          metadata: {
            filterMetadata: { 'envoy-gateway': { resources: [{ annotations: { 'ai-gateway-generated': 'true' } }] } },
          },
        },
      ],
    },
  ],
};
const aiListener = {
  name: 'tcp-80',
  defaultFilterChain: {
    filters: [
      {
        name: 'envoy.filters.network.http_connection_manager',
        typedConfig: anyPack(
          HttpConnectionManagerSchema,
          create(HttpConnectionManagerSchema, {
            routeSpecifier: { case: 'rds', value: { routeConfigName: 'table' } },
            httpFilters: [{ name: 'envoy.filters.http.router' }],
          }),
        ),
      },
    ],
  },
};
const pool = (name: string) => ({
  unstructuredBytes: Buffer.from(
    JSON.stringify({
      apiVersion: 'inference.networking.k8s.io/v1',
      kind: 'InferencePool',
      metadata: { namespace: 'ns', name },
      spec: { endpointPickerRef: { name: 'epp' } },
    }),
  ),
});

describe('the extension server, PostTranslateModify', () => {
  it('edits what belongs to AI routes and carries all else over, unknown fields included', async () => {
    const server = await start();
    const answer = await server.translate({
      clusters: [
        withUnknown(create(ClusterSchema, { name: CLUSTER })),
        withUnknown(create(ClusterSchema, { name: 'other' })),
      ],
      secrets: [{ name: 'secret' }],
      listeners: [{ name: 'listener' }],
      routes: [aiTable],
    });
    expect(answer.clusters.map(({ name, $unknown }) => [name, $unknown])).toEqual([
      [CLUSTER, [UNKNOWN]],
      ['other', [UNKNOWN]],
      ['ai-gateway-extproc-uds', undefined],
    ]);
    expect(answer.clusters[0]?.typedExtensionProtocolOptions).not.toEqual({});
    expect([answer.secrets, answer.listeners].map(([first]) => first?.name)).toEqual(['secret', 'listener']);
  });

  it('returns a Gateway without AI routes byte by byte', async () => {
    const server = await start();
    // A cluster whose fields come in an order that protobuf-es would not write.
    const odd = [0x22, 0x02, 0x08, 0x05, 0x0a, 0x01, 0x63];
    const answer = await server.send(
      `${EXTENSION_SERVICE}PostTranslateModify`,
      Uint8Array.of(0x12, odd.length, ...odd),
    );
    expect([...answer]).toEqual([0x0a, odd.length, ...odd]);
  });

  it('answers an empty request', async () => {
    const server = await start();
    expect(await server.translate({})).toEqual(create(PostTranslateModifyResponseSchema));
  });

  it('takes messages of 30 MB', async () => {
    const server = await start();
    const clusters = Array.from({ length: 3000 }, (_, index) => ({
      name: `${index}`,
      altStatName: 'x'.repeat(10_000),
    }));
    const answer = await server.translate({ clusters });
    expect(answer.clusters).toHaveLength(3000);
    expect(answer.clusters[2999]?.altStatName).toHaveLength(10_000);
  });

  it('tells Gateways and faults after each translation', async () => {
    const server = await start();
    await server.translate({ listeners: [aiListener], routes: [aiTable], clusters: [{ name: CLUSTER }] });
    await server.translate({ listeners: [aiListener], routes: [{ name: 'table' }] });
    expect(
      server.records.map(({ gateways, faults }) => [[...gateways.keys()], faults.map(({ reason }) => reason)]),
    ).toEqual([
      [['gateway.networking.k8s.io/Gateway/ns/edge'], ['BackendsNotDistinguishable']],
      [[], []],
    ]);
    expect(await server.metrics.text()).toMatch(
      /aigateway_extension_server_faults_total\{[^}]*reason="BackendsNotDistinguishable"[^}]*\} 1/,
    );
  });

  it('answers all the same when the observer fails', async () => {
    const server = await start({
      onTranslated: () => {
        throw new Error('no status today');
      },
    });
    expect((await server.translate({ secrets: [{ name: 's' }] })).secrets).toHaveLength(1);
    expect(server.logs).toMatchObject([{ msg: 'translation not recorded' }]);
  });
});

describe('the extension server, PostClusterModify and PostRouteModify', () => {
  it.each([
    ['no cluster', {}, undefined],
    ['no context', { cluster: { name: 'c' } }, 'c'],
    ['no resources', { cluster: { name: 'c' }, postClusterContext: {} }, 'c'],
  ])('returns what came with %s', async (_case, message, name) => {
    const { cluster } = await (await start()).modifyCluster(message);
    expect(cluster?.name).toBe(name);
    expect(cluster?.metadata).toBeUndefined();
  });

  it('makes the cluster of a pool', async () => {
    const { cluster } = await (
      await start()
    ).modifyCluster({
      cluster: withUnknown(create(ClusterSchema)),
      postClusterContext: { backendExtensionResources: [pool('llama')] },
    });
    expect(cluster?.clusterDiscoveryType.value).toBe(Cluster_DiscoveryType.ORIGINAL_DST);
    expect(cluster?.$unknown).toEqual([UNKNOWN]);
  });

  it('logs a rule with several pools and leaves its cluster', async () => {
    const server = await start();
    const { cluster } = await server.modifyCluster({
      cluster: { name: CLUSTER },
      postClusterContext: { backendExtensionResources: [pool('a'), pool('b')] },
    });
    expect(cluster?.metadata).toBeUndefined();
    expect(server.logs).toMatchObject([
      { hook: 'PostClusterModify', problem: expect.stringContaining('2 InferencePools') },
    ]);
  });

  it.each([
    ['no route', {}, undefined],
    ['no context', { route: { name: 'r' } }, 'r'],
    ['no resources', { route: { name: 'r' }, postRouteContext: {} }, 'r'],
  ])('returns what came with %s', async (_case, message, name) => {
    const { route } = await (await start()).modifyRoute(message);
    expect(route?.name).toBe(name);
    expect(route?.metadata).toBeUndefined();
  });

  it('names the pool on its route', async () => {
    const { route } = await (
      await start()
    ).modifyRoute({
      route: { action: { case: 'route', value: {} } },
      postRouteContext: { extensionResources: [pool('llama')] },
    });
    expect(route?.metadata?.filterMetadata['aigateway.envoy.io']).toEqual({
      per_route_rule_inference_pool: 'ns/llama/epp/9002/duplex/false',
    });
  });
});

describe('the extension server, PostEndpointsModify', () => {
  const endpoints = (...regions: string[]) => regions.map((region) => ({ locality: { region }, lbEndpoints: [{}] }));
  const both = endpoints(`${CLUSTER}/backend/1`, `${CLUSTER}/backend/0`);
  const listeners = [{ name: 'l' }];

  it('gives endpoints their identity and priority', async () => {
    const { loadAssignment } = await (
      await start()
    ).modifyEndpoints({ loadAssignment: { clusterName: CLUSTER, endpoints: both } });
    expect(
      loadAssignment?.endpoints.map(({ priority, lbEndpoints }) => [
        priority,
        lbEndpoints[0]?.metadata?.filterMetadata['aigateway.envoy.io']?.['per_route_rule_backend_name'],
      ]),
    ).toEqual([
      [1, 'ns/b/route/llm/rule/0/ref/1'],
      [0, 'ns/a/route/llm/rule/0/ref/0'],
    ]);
  });

  it('answers an empty request', async () => {
    expect(await (await start()).modifyEndpoints({})).toEqual(create(PostEndpointsModifyResponseSchema));
  });

  it('makes clusters of several backends right, once it has been called', async () => {
    const server = await start();
    const translation = { clusters: [{ name: CLUSTER }], listeners, routes: [aiTable] };
    await server.translate(translation);
    await server.modifyEndpoints({ loadAssignment: { clusterName: CLUSTER, endpoints: both } });
    await server.translate(translation);
    expect(server.records.map(({ faults }) => faults.map(({ reason }) => reason))).toEqual([
      ['BackendsNotDistinguishable'],
      [],
    ]);
  });

  it('tells what is wrong with endpoints together with the translation they belong to, until they are right', async () => {
    const server = await start({ nowMs: () => performance.now() });
    const translation = { clusters: [{ name: CLUSTER }], listeners, routes: [aiTable] };
    const startMs = performance.now();
    await server.modifyEndpoints({ loadAssignment: { clusterName: CLUSTER, endpoints: endpoints('zone-1') } });
    // This replica may only be late, and is given time.
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(CATCH_UP_MS);
    await server.translate({ clusters: [{ name: 'other' }], listeners });
    await server.translate(translation);
    await server.modifyEndpoints({ loadAssignment: { clusterName: CLUSTER, endpoints: both } });
    await server.translate(translation);
    expect(server.records.map(({ faults }) => faults.map(({ reason }) => reason))).toEqual([
      [],
      ['LocalityNotMapped'],
      [],
    ]);
  });
});

describe('the extension server, life', () => {
  it.each(['PostVirtualHostModify', 'PostHTTPListenerModify', 'Other'])('answers UNIMPLEMENTED to %s', async (name) => {
    const server = await start();
    await expect(server.send(EXTENSION_SERVICE + name, new Uint8Array())).rejects.toMatchObject({
      code: grpcStatus.unimplemented,
    });
  });

  it('answers UNAVAILABLE until the cluster has been read, so that Envoy Gateway tries again', async () => {
    let world: Snapshot | undefined;
    const server = await start({ world: () => world });
    await expect(server.translate({})).rejects.toMatchObject({ code: grpcStatus.unavailable });
    await expect(server.modifyRoute({})).rejects.toMatchObject({ code: grpcStatus.unavailable });
    world = WORLD;
    expect(await server.translate({})).toEqual(create(PostTranslateModifyResponseSchema));
    expect(server.logs).toEqual([]);
  });

  it.each(['PostRouteModify', 'PostClusterModify', 'PostEndpointsModify', 'PostTranslateModify'])(
    'answers INTERNAL to a %s that cannot be decoded, logs it and goes on',
    async (hook) => {
      const server = await start();
      await expect(server.send(EXTENSION_SERVICE + hook, Uint8Array.of(0x0a, 0x7f))).rejects.toMatchObject({
        code: grpcStatus.internal,
        details: `${hook} failed`,
      });
      expect(server.logs).toMatchObject([{ hook, msg: expect.stringContaining('hook failed') }]);
      expect(await server.translate({})).toEqual(create(PostTranslateModifyResponseSchema));
    },
  );

  it('answers INTERNAL when an edit has a mistake', async () => {
    const server = await start({
      world: () => ({
        get: () => {
          throw new Error('mistake');
        },
        list: () => [],
        isWatched: () => true,
        isWrittenByUs: () => false,
      }),
    });
    const translation = { clusters: [{ name: CLUSTER }], routes: [aiTable] };
    await expect(server.translate(translation)).rejects.toMatchObject({ code: grpcStatus.internal });
    expect(server.records).toEqual([]);
  });

  it('tells health by the state it was given', async () => {
    const server = await start();
    const ask = async (path: string) =>
      await server.send(
        `/grpc.health.v1.Health/${path}`,
        toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema)),
      );
    expect(fromBinary(HealthCheckResponseSchema, await ask('Check')).status).toBe(Status.NOT_SERVING);
    server.serving.set(Status.SERVING);
    expect(fromBinary(HealthCheckResponseSchema, await ask('Check')).status).toBe(Status.SERVING);
    expect(fromBinary(HealthListResponseSchema, await ask('List')).statuses).toMatchObject({
      'envoy-gateway-extension-server': { status: Status.SERVING },
    });
  });

  it('warns at four fifths of the limit, once for each new size, and refuses what is above', async () => {
    const server = await start({ maxMessageBytes: 1000 });
    const send = (bytes: number) => server.translate({ clusters: [{ name: 'x'.repeat(bytes) }] });
    await send(700);
    await send(900);
    await send(900);
    expect(server.logs).toMatchObject([
      { hook: 'PostTranslateModify', limitBytes: 1000, msg: expect.stringContaining('near the limit') },
    ]);
    await expect(send(1100)).rejects.toMatchObject({ code: grpcStatus.resourceExhausted });
    expect(server.logs).toMatchObject([{}, { msg: expect.stringContaining('request not read') }]);
    expect(await server.metrics.text()).toMatch(/unread_requests_total\{[^}]*hook="PostTranslateModify"[^}]*\} 1/);
  });

  it('measures size and duration by hook and status', async () => {
    const server = await start();
    await server.translate({ secrets: [{ name: 's' }] });
    await expect(
      server.send(`${EXTENSION_SERVICE}PostTranslateModify`, Uint8Array.of(0x0a, 0x7f)),
    ).rejects.toMatchObject({
      code: grpcStatus.internal,
    });
    const text = await server.metrics.text();
    expect(text).toMatch(/extension_server_request_size\w*_count\{[^}]*hook="PostTranslateModify"[^}]*\} 2/);
    expect(text).toMatch(/extension_server_call_duration\w*_sum\{[^}]*status="OK"[^}]*\} 0.005/);
    expect(text).toMatch(/extension_server_call_duration\w*_count\{[^}]*status="INTERNAL"[^}]*\} 1/);
    expect(text).toMatch(/extension_server_request_size_limit\w*(?:\{[^}]*\})? 268435456/);
  });
});
