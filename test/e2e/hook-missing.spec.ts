import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute } from '../../src/shared/api/ai-gateway.js';
import type { Condition } from '../../src/shared/api/conditions.js';
import type { HTTPRoute } from '../../src/shared/api/http-route.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { aiRoute, gatewayObjects, provider, ruleFor } from './ai-objects.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS } from './e2e-world.js';

const ROUTE = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  namespace: 'default',
  name: 'llm',
};
const HTTP_ROUTE = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', namespace: 'default', name: 'llm' };
const CLOSED_FILTER = {
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'HTTPRouteFilter',
  namespace: 'default',
  name: 'ai-eg-closed-response-llm',
};
/** Matches of every sort: what is told of them beforehand is what Envoy Gateway makes of them. */
const ODD = aiRoute(
  'odd',
  [
    {
      matches: [
        {
          headers: [
            { name: 'X-AI-EG-Model', value: 'Team/Model:1' },
            { name: 'x-team', value: 'a' },
          ],
        },
        { headers: [{ name: 'x-ai-eg-model', type: 'RegularExpression', value: 'o[0-9]+' }] },
        { headers: [{ name: 'x-team', value: 'b' }] },
      ],
      backendRefs: [{ name: 'near' }],
    },
    { backendRefs: [{ name: 'far' }] },
  ],
  { hostnames: ['odd.test', '*.odd.test'] },
);
const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';

interface Event extends KubeObject {
  readonly reason?: string;
  readonly note?: string;
  readonly regarding?: { readonly kind?: string; readonly name?: string };
}

describe('an Envoy Gateway that does not ask the extension server', () => {
  let world: E2eWorld;
  let upstream: TestUpstream;

  beforeAll(async () => {
    world = await E2eWorld.start({ registersHooks: false, values: ['controller.failClosedUntilHookSeen=true'] });
    upstream = await world.upstream();
    await world.apply(
      ...gatewayObjects(world),
      ...provider('near', upstream.port),
      ...provider('far', upstream.port),
      aiRoute('llm', [ruleFor('near', 'near')]),
      ODD,
    );
    await world.kubelet.readyPods();
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
  }, SLOW_MS);

  const programmed = async (isWanted: (condition: Condition | undefined) => boolean): Promise<Condition> =>
    await world.cluster.api.eventually<AIGatewayRoute & { status?: { conditions?: Condition[] } }, Condition>(
      ROUTE,
      'the condition Programmed',
      (route) => {
        const condition = route?.status?.conditions?.find(({ type }) => type === 'Programmed');
        return isWanted(condition) && condition;
      },
      SLOW_MS,
    );
  const isNotCalled = (condition?: Condition) =>
    condition?.status === 'False' && condition.reason === 'ExtensionServerNotCalled';

  const missingHooks = async (): Promise<readonly string[]> => {
    const response = await fetch(`http://127.0.0.1:${world.controllers[0]!.ports.health}/metrics`);
    return (await response.text()).match(/^aigateway_controller_hook_missing\{.*$/gm) ?? [];
  };

  const warnings = async (): Promise<readonly string[]> => {
    const { items } = JSON.parse(await world.cluster.api.transport.text(EVENTS)) as { items: readonly Event[] };
    return items
      .filter(({ reason, regarding }) => reason === 'ExtensionServerNotCalled' && regarding?.kind === 'AIGatewayRoute')
      .map(({ note = '' }) => note);
  };

  /** A client that knows the names of our headers, and so needs no processor to be routed. */
  const chatPastTheProcessor = async () =>
    await world.chat('near', { caseId: newCase('past'), headers: { 'x-ai-eg-model': 'near' } });

  const isClosed = async () =>
    await eventually(
      'status 503',
      async () => (await chatPastTheProcessor().catch(() => undefined))?.status === 503,
      SLOW_MS,
    );

  it(
    'gets routes that answer 503, and is told of in status, Event and metric',
    async () => {
      await isClosed();
      const caseId = newCase('closed');
      const answer = await world.chat('near', { caseId, headers: { 'x-ai-eg-model': 'near' } });
      expect(answer.text).toContain('has not asked the extension server');
      expect((await world.chat('unknown')).status).toBe(503);
      expect(upstream.requests(caseId)).toEqual([]);
      const { message } = await programmed(isNotCalled);
      expect(message).toMatch(/extensionManager.*hooks\.xdsTranslator\.post.*includeAll/);
      await eventually('the Event', async () => (await warnings()).some((note) => note.includes('extensionManager')));
      expect(await missingHooks()).toEqual([expect.stringMatching(/gateway="e2e".*namespace="default".* 1$/)]);
    },
    TEST_MS,
  );

  it(
    'gets the routes themselves when it begins to ask, although they are closed',
    async () => {
      await world.restartEnvoyGateway({ registersHooks: true });
      await world.chatAnswers('near');
      await programmed((condition) => condition?.status === 'True');
      await world.cluster.api.eventually(CLOSED_FILTER, 'the filter to go', (filter) => filter === undefined, SLOW_MS);
      expect(await missingHooks()).toEqual([]);
      const { lines } = world.controllers[0]!.process;
      const isCompared = () => lines.some((line) => line.includes('asks the extension server for all AI routes'));
      await eventually('the controller to compare', isCompared, SLOW_MS);
    },
    TEST_MS,
  );

  it(
    'gets closed routes again when it no longer asks for one of which only a model changes',
    async () => {
      await world.restartEnvoyGateway({ registersHooks: false });
      const before = (await warnings()).length;
      // Nothing tells the difference until something changes.
      await world.apply(aiRoute('llm', [ruleFor('nearer', 'near')]));
      await isClosed();
      await programmed(isNotCalled);
      await eventually('another Event', async () => (await warnings()).length > before, SLOW_MS);
      expect((await missingHooks()).length).toBe(1);
      const { spec } = await world.cluster.api.exists<HTTPRoute>(HTTP_ROUTE);
      expect(spec.rules?.flatMap(({ backendRefs = [] }) => backendRefs)).toEqual([]);
    },
    TEST_MS,
  );
});
