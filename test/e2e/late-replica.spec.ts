import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute } from '../../src/shared/api/ai-gateway.js';
import type { HTTPRoute } from '../../src/shared/api/http-route.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { snapshotOf, type Snapshot } from '../../src/shared/api/snapshot.js';
import { eventually } from '../harness/eventually.js';
import { ExtensionServerUnderTest } from '../harness/extension-server-under-test.js';
import { EnvoyGateway } from '../harness/kube/envoy-gateway.js';
import { installCrds } from '../harness/kube/install-crds.js';
import { KubeCluster } from '../harness/kube/kube-cluster.js';
import { fqdnBackend, gateway, gatewayClass, httpRoute, ruleTo } from '../harness/kube/test-gateway-objects.js';
import { aiRoute, ipProvider, ruleFor, serviceBackend } from './ai-objects.js';
import { SLOW_MS, START_MS, TEST_MS } from './e2e-world.js';

/** As our controller generates it for a rule with one backendRef. */
const generated = (name: string, backend: string): HTTPRoute => {
  const { metadata, ...object } = httpRoute(name, 'edge', [ruleTo(backend)]);
  const annotations = {
    'gateway.envoyproxy.io/ai-gateway-generated': 'true',
    'gateway.envoyproxy.io/backend-ref-priority': `0:${backend}:0`,
  };
  return { ...object, metadata: { ...metadata, annotations } };
};

const GIVEN_UP = 'skipped publishing xds resources';

/** A replica whose view of the cluster is what the test says, behind a real Envoy Gateway that sees the cluster itself. */
describe('a replica of the extension server that is late', () => {
  let cluster: KubeCluster;
  let envoyGateway: EnvoyGateway;
  let server: ExtensionServerUnderTest;
  let world: Snapshot | undefined;
  let name: string;
  let count = 0;
  let skippedMs = 0;
  /** How often the replica has looked at its world. */
  let looks = 0;

  beforeAll(async () => {
    cluster = await KubeCluster.start();
    await installCrds(cluster.api);
    world = snapshotOf([]);
    const looked = () => {
      looks += 1;
      return world;
    };
    server = await ExtensionServerUnderTest.start({ world: looked, nowMs: () => performance.now() + skippedMs });
    envoyGateway = await EnvoyGateway.start(cluster, { extensionServerPort: server.port });
    const objects: KubeObject[] = [gatewayClass(), gateway('edge', 8080)];
    for (const object of [...objects, ...['a', 'b'].map((backend) => fqdnBackend(backend, 443))])
      await cluster.api.apply(object);
  }, START_MS);

  beforeEach(() => {
    count += 1;
    name = `llm-${count}`;
  });

  afterAll(async () => {
    await envoyGateway?.stop();
    server?.close();
    await cluster?.stop();
  }, SLOW_MS);

  const knows = (...objects: readonly KubeObject[]): Snapshot => snapshotOf(objects);
  const route = (backend: string): AIGatewayRoute => aiRoute(name, [ruleFor('model', backend)]);

  /** Calls of PostTranslateModify so far that were answered so. */
  async function calls(status: 'OK' | 'UNAVAILABLE'): Promise<number> {
    const series = (await server.metrics.text())
      .split('\n')
      .find(
        (line) =>
          line.startsWith('aigateway_extension_server_call_duration_seconds_count') &&
          line.includes('hook="PostTranslateModify"') &&
          line.includes(`status="${status}"`),
      );
    return series === undefined ? 0 : Number(series.slice(series.lastIndexOf(' ')));
  }

  const givenUp = () => envoyGateway.process.lines.filter((line) => line.includes(GIVEN_UP)).length;
  const faultsOf = (index: number) =>
    (server.records[index]?.faults ?? [])
      .filter(({ object }) => object.endsWith(`/${name}`))
      .map(({ reason }) => reason);

  it(
    'answers Envoy Gateway when it has caught up',
    async () => {
      world = knows();
      const [before, answered, lost] = [looks, server.records.length, givenUp()];
      await cluster.api.apply(generated(name, 'a'));
      await eventually('the question', () => looks > before, SLOW_MS);
      world = knows(route('a'), serviceBackend('a'));
      await eventually('an answer', () => server.records.length > answered, SLOW_MS);
      expect(faultsOf(answered)).toEqual([]);
      expect(givenUp()).toBe(lost);
    },
    TEST_MS,
  );

  it(
    'that stays late answers all the same, that requests are refused',
    async () => {
      world = knows();
      // Faults of former tests had their time.
      skippedMs += 60_000;
      const [before, answered, lost] = [looks, server.records.length, givenUp()];
      await cluster.api.apply(generated(name, 'a'));
      await eventually('an answer', () => server.records.length > answered, SLOW_MS);
      expect(looks - before).toBeGreaterThanOrEqual(2);
      expect(faultsOf(answered)).toEqual(['RouteOutdated']);
      expect(givenUp()).toBe(lost);
    },
    TEST_MS,
  );

  it(
    'knows by the HTTPRoute which backends were meant, without looking again',
    async () => {
      const backends = ['a', 'b'].map((backend) => serviceBackend(backend));
      world = knows(route('a'), ...backends);
      skippedMs += 60_000;
      const [before, answered] = [looks, server.records.length];
      await cluster.api.apply(generated(name, 'b'));
      await eventually('an answer', () => server.records.length > answered, SLOW_MS);
      expect(faultsOf(answered)).toEqual([]);
      expect(looks).toBe(before + 1);
    },
    TEST_MS,
  );

  it.each([
    { title: 'tells', unusable: { 'gateway.envoyproxy.io/ai-gateway-unusable-refs': '0:0' }, faults: [] },
    { title: 'does not tell', unusable: {}, faults: ['BackendsNotDistinguishable'] },
  ])(
    'knows whose endpoints come by EDS, without the hook for them, when the HTTPRoute $title which backend cannot be used',
    async ({ unusable, faults }) => {
      const refs = ['ip-a', 'ip-b'];
      for (const object of refs.map((ref) => ipProvider(ref, 443)[0]!)) await cluster.api.apply(object);
      world = knows(aiRoute(name, [ruleFor('model', ...refs)]), ...refs.map((ref) => serviceBackend(ref)));
      const { metadata, ...object } = generated(name, 'ip-a');
      const backendRefs = [
        { group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'ip-a', weight: 0 },
        { group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'ip-b' },
      ];
      const told = { 'gateway.envoyproxy.io/backend-ref-priority': '0:ip-a:0,0:ip-b:0', ...unusable };
      const answered = server.records.length;
      await cluster.api.apply<HTTPRoute>({
        ...object,
        metadata: { ...metadata, annotations: { ...metadata.annotations, ...told } },
        spec: { ...object.spec, rules: [{ backendRefs }] },
      });
      await eventually('an answer', () => server.records.length > answered, SLOW_MS);
      expect(faultsOf(answered)).toEqual(faults);
    },
    TEST_MS,
  );

  it(
    'that cannot answer at all makes Envoy Gateway keep what it had',
    async () => {
      world = undefined;
      const [unavailable, answered, lost] = [await calls('UNAVAILABLE'), server.records.length, givenUp()];
      await cluster.api.apply(generated(name, 'a'));
      await eventually('Envoy Gateway to give up', () => givenUp() > lost, SLOW_MS);
      expect((await calls('UNAVAILABLE')) - unavailable).toBeGreaterThanOrEqual(4);
      expect(server.records.length).toBe(answered);
    },
    TEST_MS,
  );
});
