import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Condition } from '../../src/shared/api/conditions.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { eventually } from '../harness/eventually.js';
import { fqdnBackend } from '../harness/kube/test-gateway-objects.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { aiRoute, gatewayObjects, provider, ruleFor, serviceBackend } from './ai-objects.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS } from './e2e-world.js';

const routeRef = (name: string) => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  namespace: 'default',
  name,
});

interface Event extends KubeObject {
  readonly regarding: { readonly kind: string; readonly name: string };
  readonly reason: string;
  readonly type: string;
}

describe('what an operator is told of a route', () => {
  let world: E2eWorld;
  let upstream: TestUpstream;

  beforeAll(async () => {
    world = await E2eWorld.start();
    upstream = await world.upstream();
    await world.apply(
      ...gatewayObjects(world),
      ...provider('good', upstream.port),
      aiRoute('good', [ruleFor('good', 'good')]),
    );
    await world.kubelet.readyPods();
    await world.chatAnswers('good');
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
  }, SLOW_MS);

  const programmed = async (name: string, isWanted: (condition: Condition) => boolean): Promise<Condition> =>
    await world.cluster.api.eventually<KubeObject & { status?: { conditions?: Condition[] } }, Condition>(
      routeRef(name),
      `the condition Programmed of ${name}`,
      (route) => {
        const condition = route?.status?.conditions?.find(({ type }) => type === 'Programmed');
        return condition !== undefined && isWanted(condition) && condition;
      },
      SLOW_MS,
    );
  const isTrue = ({ status }: Condition) => status === 'True';

  const events = async (name: string): Promise<readonly string[]> => {
    const all = await world.cluster.api.list<Event>(
      { apiVersion: 'events.k8s.io/v1', kind: 'Event' },
      { namespace: 'default' },
    );
    return all
      .filter(({ regarding }) => regarding.kind === 'AIGatewayRoute' && regarding.name === name)
      .map(({ type, reason }) => `${type} ${reason}`);
  };

  it(
    'is nothing alarming while a Gateway starts and a route changes',
    async () => {
      await programmed('good', isTrue);
      await world.apply(aiRoute('good', [ruleFor(['good', 'good-2'], 'good')]));
      await programmed('good', ({ status, observedGeneration }) => status === 'True' && observedGeneration === 2);
      expect((await world.chat('good-2')).status).toBe(200);
      const told = await events('good');
      expect(told).toContain('Normal Programmed');
      expect(told.filter((event) => event.startsWith('Warning'))).toEqual([]);
      expect(await world.cluster.kubectl.run('get', 'aigatewayroutes')).toMatch(/good +Accepted +True +\d+s/);
    },
    TEST_MS,
  );

  it(
    'is which rule Envoy Gateway dropped, until it takes all of them',
    async () => {
      const rule = (value: string) => ({
        ...ruleFor([], 'good'),
        matches: [{ headers: [{ name: 'x-ai-eg-model', type: 'RegularExpression' as const, value }] }],
      });
      await world.apply(aiRoute('patterns', [rule('gpt-(4|5')]));
      const dropped = await programmed('patterns', ({ reason }) => reason === 'PartiallyInvalid');
      expect(dropped.status).toBe('False');
      expect(dropped.message).toMatch(
        /^spec\.parentRefs\[0\]: Gateway default\/e2e takes only a part of .*"gpt-\(4\|5" is invalid/,
      );
      await eventually('the Event', async () => (await events('patterns')).includes('Warning PartiallyInvalid'));
      await world.apply(aiRoute('patterns', [rule('gpt-(4|5)')]));
      await programmed('patterns', isTrue);
      await world.chatAnswers('gpt-5');
    },
    TEST_MS,
  );

  it(
    'is which backend Envoy Gateway cannot use, while its neighbours serve',
    async () => {
      const endpoints = [{ ip: { address: '127.0.0.1', port: upstream.port } }];
      const loopback: KubeObject = Object.assign(fqdnBackend('near', upstream.port), { spec: { endpoints } });
      await world.apply(
        loopback,
        serviceBackend('near'),
        aiRoute('near', [ruleFor('near', 'near'), ruleFor('far', 'good')]),
      );
      const refused = await programmed('near', ({ reason }) => reason === 'RefsNotResolvedByGateway');
      expect(refused.message).toMatch(/rule 0 backendRef 0: .*127\.0\.0\.1/);
      expect((await world.chat('far')).status).toBe(200);
      await world.apply(...provider('near', upstream.port));
      await programmed('near', isTrue);
      await world.chatAnswers('near');
    },
    TEST_MS,
  );

  it(
    'is whose Gateway it names, when nobody answers for it',
    async () => {
      const spec = { parentRefs: [{ name: 'theirs' }] };
      await world.apply(
        {
          apiVersion: 'gateway.networking.k8s.io/v1',
          kind: 'GatewayClass',
          metadata: { name: 'theirs' },
          spec: { controllerName: 'example.com/theirs' },
        } as KubeObject,
        {
          apiVersion: 'gateway.networking.k8s.io/v1',
          kind: 'Gateway',
          metadata: { namespace: 'default', name: 'theirs' },
          spec: { gatewayClassName: 'theirs', listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }] },
        } as KubeObject,
        aiRoute('lost', [ruleFor('lost', 'good')], spec),
      );
      const lost = await programmed('lost', ({ reason }) => reason === 'GatewayOfAnotherController');
      expect(lost.message).toContain('which belongs to "example.com/theirs"');
      await eventually('the Event', async () => (await events('lost')).includes('Warning GatewayOfAnotherController'));
    },
    TEST_MS,
  );
});
