import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute, AIServiceBackend } from '../../src/shared/api/ai-gateway.js';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { configSecretNames } from '../../src/shared/extproc-pod/names.js';
import { json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { ENVOY_GATEWAY_NAMESPACE } from '../harness/kube/envoy-gateway.js';
import { Load } from '../harness/kube/load.js';
import { openaiClient } from '../harness/sdk-clients.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { toldAnswer } from '../harness/told-answers.js';
import {
  GATEWAY,
  aiRoute,
  apiKey,
  apiKeyPolicy,
  fallbackPolicy,
  gatewayObjects,
  provider,
  ruleFor,
  serviceBackend,
} from './ai-objects.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS, figure } from './e2e-world.js';

/** More than two of the 64 matches that a rule of an HTTPRoute may have. */
const MODELS = Array.from({ length: 128 }, (_, index) => `model-${index}`);
const LARGE_BYTES = 400_000;

describe('large configurations on a cluster', () => {
  let world: E2eWorld;
  let first: TestUpstream;
  let second: TestUpstream;

  beforeAll(async () => {
    world = await E2eWorld.start();
    [first, second] = [await world.upstream(), await world.upstream()];
    await world.apply(
      ...gatewayObjects(world),
      ...provider('first', first.port),
      ...provider('second', second.port),
      ...['first', 'second'].flatMap((name) => [apiKey(name, `PLANTED-key-of-${name}`), apiKeyPolicy(name)]),
      labelled(
        aiRoute('many', [
          ruleFor(MODELS, { name: 'first', priority: 0 }, { name: 'second', priority: 1 }),
          ruleFor('after-many', 'second'),
        ]),
      ),
      fallbackOfLabel(),
    );
    await world.kubelet.readyPods();
    await world.chatAnswers(MODELS[0]!);
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
  }, SLOW_MS);

  it.each([MODELS[0]!, MODELS.at(-1)!])(
    'falls back for a model of any of the HTTPRoutes that a route with many matches becomes: %s',
    async (model) => {
      await world.chatAnswers(model);
      const caseId = newCase(model);
      first.script(caseId, json({ error: { message: 'overloaded' } }, 503));
      second.script(caseId, toldAnswer('OpenAI', [{ text: 'from the second' }]));
      expect((await world.chat(model, { caseId })).text).toContain('from the second');
      const keys = [first, second].map((upstream) => upstream.request(caseId).headers['authorization']);
      expect(keys).toEqual(['Bearer PLANTED-key-of-first', 'Bearer PLANTED-key-of-second']);
    },
    TEST_MS,
  );

  it(
    'keeps the rules after the one with many matches apart, and answers 404 for models of none',
    async () => {
      const caseId = newCase('after');
      expect((await world.chat('after-many', { caseId })).status).toBe(200);
      expect(second.request(caseId).headers['authorization']).toBe('Bearer PLANTED-key-of-second');
      expect((await world.chat('model-of-nobody')).status).toBe(404);
      const client = openaiClient({ baseUrl: `http://127.0.0.1:${world.port}` }, newCase('models'));
      const { data } = await client.models.list();
      expect(data.map(({ id }) => id).sort()).toEqual([...MODELS, 'after-many'].sort());
    },
    TEST_MS,
  );

  const part = async (index: number) =>
    await world.cluster.api.get<Secret>({
      apiVersion: 'v1',
      kind: 'Secret',
      namespace: ENVOY_GATEWAY_NAMESPACE,
      name: configSecretNames.part('default', GATEWAY, index),
    });

  it(
    'serves a filter config of several Secrets, and loses no request when it grows and shrinks',
    async () => {
      expect(await part(1)).toBeUndefined();
      const load = new Load(async () => (await world.chat('after-many')).status);
      const text = 'x'.repeat(LARGE_BYTES);
      const models = ['large-0', 'large-1', 'large-2', 'large-3'];
      const startMs = performance.now();
      await world.apply(
        largeBackend(text),
        aiRoute(
          'large',
          models.map((model) => ruleFor(model, 'large')),
        ),
      );
      await world.chatAnswers('large-3');
      figure('config of 1.6 MB to first 200', performance.now() - startMs);
      expect(await part(2)).toBeDefined();
      const caseId = newCase('large');
      expect((await world.chat('large-3', { caseId })).status).toBe(200);
      expect((JSON.parse(first.request(caseId).body.toString()) as { readonly user: string }).user).toBe(text);

      await world.cluster.api.delete({ ...LARGE_ROUTE, name: 'large' });
      await world.chatAnswers('large-3', 404);
      expect((await world.chat('after-many')).status).toBe(200);
      expect(Object.keys(await load.end())).toEqual(['200']);
    },
    TEST_MS,
  );

  /** Adds a text to what is sent to the first provider. */
  function largeBackend(text: string): AIServiceBackend {
    const { spec, ...backend } = serviceBackend('large');
    return {
      ...backend,
      spec: {
        schema: { name: 'OpenAI' },
        backendRef: { ...spec!.backendRef, name: 'first' },
        bodyMutation: { set: [{ path: 'user', value: JSON.stringify(text) }] },
      },
    };
  }
});

const LARGE_ROUTE = { apiVersion: 'aigateway.envoyproxy.io/v1beta1', kind: 'AIGatewayRoute', namespace: 'default' };

/** By a label of the AIGatewayRoute, which all HTTPRoutes that it is split into carry; their names are not known. */
const ROUTE_LABEL = { 'ai-route': 'many' };

const labelled = (route: AIGatewayRoute): AIGatewayRoute => ({
  ...route,
  metadata: { ...route.metadata, labels: ROUTE_LABEL },
});

function fallbackOfLabel(): KubeObject {
  const { spec, ...policy } = fallbackPolicy('many');
  const { targetRefs: _, ...rest } = spec;
  const selector = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', matchLabels: ROUTE_LABEL };
  return Object.assign(policy, { spec: { ...rest, targetSelectors: [selector] } });
}
