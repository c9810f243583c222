import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import { refOf } from '../harness/kube/api.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { aiRoute, apiKey, apiKeyPolicy, gatewayObjects, provider, ruleFor } from './ai-objects.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS, figure } from './e2e-world.js';

const FOREIGN = 'providers';
/** As for models; also how long a revoked key may live on. */
const CHANGE_MS = 5_000;

const grant = (name: string, from: object, to: object): KubeObject => {
  const object = {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: { namespace: FOREIGN, name },
    spec: { from: [from], to: [to] },
  };
  return object;
};
const aiGrant = grant(
  'routes-to-ai-backends',
  { group: 'aigateway.envoyproxy.io', kind: 'AIGatewayRoute', namespace: 'default' },
  { group: 'aigateway.envoyproxy.io', kind: 'AIServiceBackend' },
);
const envoyGrant = grant(
  'routes-to-backends',
  { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default' },
  { group: 'gateway.envoyproxy.io', kind: 'Backend' },
);

interface Conditioned extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  };
}

describe('credentials on a cluster', () => {
  let world: E2eWorld;
  let upstream: TestUpstream;

  beforeAll(async () => {
    world = await E2eWorld.start();
    upstream = await world.upstream();
    await world.cluster.api.ensureNamespace(FOREIGN);
    await world.apply(
      ...gatewayObjects(world),
      ...provider('near', upstream.port),
      apiKey('near', 'PLANTED-key-1'),
      apiKeyPolicy('near'),
      aiRoute('llm', [ruleFor('near', 'near')]),
    );
    await world.kubelet.readyPods();
    await world.chatAnswers('near');
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
  }, SLOW_MS);

  /** What the provider is told in `authorization`; `undefined` also when the request did not reach it. */
  async function keyAtProvider(model: string): Promise<string | undefined> {
    const caseId = newCase(model);
    await world.chat(model, { caseId, headers: { authorization: 'Bearer PLANTED-of-the-client' } });
    return upstream.requests(caseId)[0]?.headers['authorization'];
  }

  async function untilKey(what: string, model: string, matches: (key: string | undefined) => boolean): Promise<number> {
    const startMs = performance.now();
    await eventually(what, async () => matches(await keyAtProvider(model)), SLOW_MS);
    return performance.now() - startMs;
  }

  it(
    'brings a rotated key to the provider a moment later, and never the one of the client',
    async () => {
      expect(await keyAtProvider('near')).toBe('Bearer PLANTED-key-1');
      await world.apply(apiKey('near', 'PLANTED-key-2'));
      const ms = await untilKey('the second key', 'near', (key) => key === 'Bearer PLANTED-key-2');
      figure('key rotated in the Secret to the provider', ms);
      expect(ms).toBeLessThan(CHANGE_MS);
    },
    TEST_MS,
  );

  it(
    'sends the key no more a moment after its policy was deleted',
    async () => {
      await world.cluster.api.delete(refOf(apiKeyPolicy('near')));
      const ms = await untilKey('the key to be gone', 'near', (key) => key !== 'Bearer PLANTED-key-2');
      figure('policy deleted to the provider without its key', ms);
      expect(ms).toBeLessThan(CHANGE_MS);
      await world.apply(apiKeyPolicy('near'));
      await untilKey('the key to be back', 'near', (key) => key === 'Bearer PLANTED-key-2');
    },
    TEST_MS,
  );

  it(
    'refuses a backend of another namespace until that namespace grants it, and again when the grant is gone',
    async () => {
      await world.apply(
        ...provider('far', upstream.port, FOREIGN),
        apiKey('far', 'PLANTED-key-of-far', FOREIGN),
        apiKeyPolicy('far', FOREIGN),
        aiRoute('far', [ruleFor('far', { name: 'far', namespace: FOREIGN })]),
      );
      const route = refOf(aiRoute('far', []));
      const refusal = await world.cluster.api.eventually<Conditioned, string>(
        route,
        'the reference to be refused',
        (object) =>
          object?.status?.conditions?.find(({ type, status }) => type === 'ResolvedRefs' && status === 'False')
            ?.message,
      );
      expect(refusal).toContain('ReferenceGrant');
      expect((await world.chat('far')).status).toBeGreaterThanOrEqual(400);

      await world.apply(aiGrant, envoyGrant);
      await world.chatAnswers('far');
      expect(await keyAtProvider('far')).toBe('Bearer PLANTED-key-of-far');

      await world.cluster.api.delete(refOf(aiGrant));
      const ms = await untilKey('the backend to be refused again', 'far', (key) => key === undefined);
      figure('grant deleted to backend refused', ms);
      expect((await world.chat('near')).status).toBe(200);
    },
    TEST_MS,
  );
});
