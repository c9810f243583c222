import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import { refOf } from '../harness/kube/api.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { TokenIssuer } from '../standalone/authentication-world.js';
import { aiRoute, apiKey, GATEWAY, gatewayObjects, provider, ruleFor } from './ai-objects.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS } from './e2e-world.js';

const GATEWAY_API = 'gateway.networking.k8s.io';

const policyFor = (kind: 'Gateway' | 'HTTPRoute', name: string, spec: object): KubeObject =>
  ({
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'SecurityPolicy',
    metadata: { namespace: 'default', name: `${kind.toLowerCase()}-${name}` },
    spec: { targetRefs: [{ group: GATEWAY_API, kind, name }], ...spec },
  }) as KubeObject;

describe('authentication in front of AI routes, with separateAuthentication', () => {
  const issuer = new TokenIssuer();
  let world: E2eWorld;
  let upstream: TestUpstream;

  beforeAll(async () => {
    world = await E2eWorld.start({ values: ['controller.separateAuthentication=true'] });
    upstream = await world.upstream();
    await world.apply(
      ...gatewayObjects(world),
      ...provider('near', upstream.port),
      // Without the model header, the first match is the rule for unknown models of the first of them.
      aiRoute('a', [ruleFor('model-a', 'near')]),
      aiRoute('b', [ruleFor('model-b', 'near')]),
    );
    await world.kubelet.readyPods();
    for (const model of ['model-a', 'model-b']) await world.chatAnswers(model);
    await world.apply(policyFor('Gateway', GATEWAY, issuer.policy()));
    for (const model of ['model-a', 'model-b']) await world.chatAnswers(model, 401);
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
  }, SLOW_MS);

  const statusWith = async (model: string, headers: Readonly<Record<string, string>>, caseId = newCase(model)) =>
    (await world.chat(model, { caseId, headers })).status;
  const token = () => ({ authorization: `Bearer ${issuer.token(600)}` });

  it(
    'serves every route to who satisfies the policy of the Gateway, though each has a requirement of its own',
    async () => {
      for (const model of ['model-a', 'model-b']) {
        expect(await statusWith(model, token())).toBe(200);
        expect(await statusWith(model, {})).toBe(401);
      }
    },
    TEST_MS,
  );

  it(
    'refuses what was authenticated for another route',
    async () => {
      const policy = policyFor('HTTPRoute', 'b', {
        apiKeyAuth: {
          credentialRefs: [{ group: '', kind: 'Secret', name: 'client-keys' }],
          extractFrom: [{ headers: ['x-api-key'] }],
        },
      });
      await world.apply(apiKey('client-keys', 'PLANTED-key-of-client'), policy);
      await eventually('403 for model-b', async () => (await statusWith('model-b', token())) === 403, SLOW_MS);
      const caseId = newCase('refused');
      const answer = await world.chat('model-b', { caseId, headers: token() });
      expect(answer.text).toContain('has a SecurityPolicy of its own');
      expect(upstream.requests(caseId)).toEqual([]);
      expect(await statusWith('model-a', token())).toBe(200);
      // With the header the route is chosen before the authentication.
      const named = { 'x-ai-eg-model': 'model-b' };
      expect(await statusWith('model-b', { ...named, 'x-api-key': 'PLANTED-key-of-client' })).toBe(200);
      expect(await statusWith('model-b', named)).toBe(401);
      await world.cluster.api.delete(refOf(policy));
      await eventually('model-b to serve again', async () => (await statusWith('model-b', token())) === 200, SLOW_MS);
    },
    TEST_MS,
  );
});
