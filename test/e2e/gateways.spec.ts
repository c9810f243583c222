import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AIGatewayRouteRule } from '../../src/shared/api/ai-gateway.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import { freePort } from '../harness/free-port.js';
import { send } from '../harness/http-client.js';
import { Load } from '../harness/kube/load.js';
import { gateway, gatewayClass, gatewayRef } from '../harness/kube/test-gateway-objects.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { aiRoute, apiKey, apiKeyPolicy, provider, ruleFor } from './ai-objects.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS } from './e2e-world.js';

const MERGED = 'merged';

/** A class whose Gateways share one Envoy. */
const mergedClass = (): readonly KubeObject[] => {
  const proxy = {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'EnvoyProxy',
    metadata: { namespace: 'default', name: MERGED },
    spec: { mergeGateways: true },
  };
  const { spec, ...rest } = gatewayClass(MERGED);
  const parametersRef = { group: 'gateway.envoyproxy.io', kind: 'EnvoyProxy', namespace: 'default', name: MERGED };
  const object = { ...rest, spec: { ...spec, parametersRef } };
  return [proxy, object];
};

const routeOf = (gatewayName: string, rules: readonly AIGatewayRouteRule[]) =>
  aiRoute(gatewayName, rules, {
    parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: gatewayName }],
  });

describe('several Gateways on a cluster', () => {
  let world: E2eWorld;
  let upstream: TestUpstream;
  const ports = new Map<string, number>();

  beforeAll(async () => {
    world = await E2eWorld.start();
    upstream = await world.upstream();
    for (const name of ['one', 'two', 'merged-one', 'merged-two']) ports.set(name, await freePort());
    for (const name of ['a', 'b']) {
      await world.apply(...provider(name, upstream.port), apiKey(name, `PLANTED-key-of-${name}`), apiKeyPolicy(name));
    }
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
  }, SLOW_MS);

  const chat = async (gatewayName: string, model: string, caseId = newCase(model)) => {
    const body = { model, messages: [{ role: 'user', content: 'Hello' }] };
    return await send(ports.get(gatewayName)!, '/v1/chat/completions', { body, caseId });
  };

  const serves = async (gatewayName: string, model: string) =>
    await eventually(
      `${gatewayName} to serve ${model}`,
      async () => (await chat(gatewayName, model)).status === 200,
      SLOW_MS,
    );

  /** Key that the provider gets for a model that both Gateways of a pair have. */
  async function keyBy(gatewayName: string): Promise<string | undefined> {
    const caseId = newCase(gatewayName);
    expect((await chat(gatewayName, 'model-of-both', caseId)).status).toBe(200);
    return upstream.request(caseId).headers['authorization'];
  }

  it.each([
    { title: 'with an Envoy each', pair: ['one', 'two'], proxies: 2, className: undefined },
    { title: 'that share an Envoy', pair: ['merged-one', 'merged-two'], proxies: 1, className: MERGED },
  ] as const)(
    'serve each its own routes, with the keys of these: Gateways $title',
    async ({ pair: [first, second], proxies, className }) => {
      const before = world.kubelet.pods.length;
      await world.apply(...(className ? mergedClass() : [gatewayClass()]));
      for (const [name, backend] of [
        [first, 'a'],
        [second, 'b'],
      ] as const) {
        const object = gateway(name, ports.get(name)!);
        const spec = className ? { ...object.spec, gatewayClassName: className } : object.spec;
        await world.apply(
          { ...object, spec } as KubeObject,
          routeOf(name, [ruleFor(`model-of-${name}`, backend), ruleFor('model-of-both', backend)]),
        );
      }
      await world.kubelet.readyPods(before + proxies);
      for (const name of [first, second]) await serves(name, `model-of-${name}`);
      expect([await keyBy(first), await keyBy(second)]).toEqual(['Bearer PLANTED-key-of-a', 'Bearer PLANTED-key-of-b']);
      expect((await chat(first, `model-of-${second}`)).status).toBe(404);
      expect((await chat(second, `model-of-${first}`)).status).toBe(404);
    },
    TEST_MS,
  );

  it.each([
    { gone: 'two', left: 'one', replaced: 'envoy-default-two-' },
    // The proxies mount the filter config of the first Gateway of the class: they have to be made again.
    { gone: 'merged-one', left: 'merged-two', replaced: 'envoy-merged-' },
  ])(
    'loses no request when the other Gateway is deleted, and takes changes: $left',
    async ({ gone, left, replaced }) => {
      const former = world.kubelet.pods.filter(({ name }) => name.startsWith(replaced));
      expect(former).toHaveLength(1);
      const load = new Load(async () => (await chat(left, 'model-of-both', 'load')).status);
      await world.cluster.api.delete(gatewayRef(gone));
      await eventually(
        `${gone} to be gone`,
        async () =>
          await chat(gone, `model-of-${gone}`)
            .then(() => false)
            .catch(() => true),
        SLOW_MS,
      );
      await eventually(
        `the pods ${replaced}… to go`,
        () => world.kubelet.pods.every((pod) => pod.isReady && !former.includes(pod)),
        SLOW_MS,
      );
      expect(Object.keys(await load.end())).toEqual(['200']);
      expect(await keyBy(left)).toBe(left === 'one' ? 'Bearer PLANTED-key-of-a' : 'Bearer PLANTED-key-of-b');
      await world.apply(routeOf(left, [ruleFor('model-of-both', 'a'), ruleFor('later', 'a')]));
      await serves(left, 'later');
    },
    TEST_MS,
  );
});
