import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { HTTPRoute } from '../../src/shared/api/http-route.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { configSecretNames } from '../../src/shared/extproc-pod/names.js';
import {
  aiRef,
  backendYaml,
  ControllerWorld,
  gatewayYaml,
  httpRouteRef,
  routeYaml,
  secretRef,
} from './controller-world.js';

const IDLE_MS = 30_000;

const filterRef = (name: string) => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'HTTPRouteFilter',
  namespace: 'default',
  name,
});
const grantYaml = (to: string) => `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: to-team, namespace: team }
spec:
  from:
    - { group: aigateway.envoyproxy.io, kind: AIGatewayRoute, namespace: default }
    - { group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default }
  to: [${to}]
`;

interface Content extends KubeObject {
  readonly spec?: object;
  readonly data?: object;
}
const contentOf = (object: Content | undefined) => [object?.metadata.labels, object?.spec, object?.data];

describe('the controller on a real API server', () => {
  let world: ControllerWorld;

  beforeAll(async () => {
    world = await ControllerWorld.start();
    await world.controller();
    await world.cluster.api.ensureNamespace('team');
    await world.apply(gatewayYaml('edge'));
    await world.apply(gatewayYaml('second'));
    await world.apply(backendYaml('openai', 'PLANTED-sk-openai'));
    await world.apply(backendYaml('other', 'PLANTED-sk-other'));
    await world.apply(routeYaml('llm', ['edge'], '{ name: openai }'));
    await world.condition(aiRef('AIGatewayRoute', 'llm'), 'Accepted');
  }, 120_000);

  afterAll(async () => {
    await world.stop();
  }, 60_000);

  it('makes HTTPRoute, filters and filter config of a route, owned by it', async () => {
    const route = await world.cluster.api.exists(aiRef('AIGatewayRoute', 'llm'));
    for (const ref of [
      httpRouteRef('llm'),
      filterRef('ai-eg-host-rewrite-llm'),
      filterRef('ai-eg-route-not-found-response-llm'),
    ]) {
      const { metadata } = await world.cluster.api.exists(ref);
      expect(metadata.ownerReferences).toEqual([
        expect.objectContaining({ uid: route.metadata.uid, controller: true }),
      ]);
    }
    const config = await world.configured('edge', 'with the key', (text) => text.includes('PLANTED-sk-openai'));
    expect(config).toContain('model-of-llm');
  });

  it('shows in kubectl what became of the objects', async () => {
    const { kubectl } = world.cluster;
    for (const kind of ['aigatewayroutes', 'aiservicebackends', 'backendsecuritypolicies']) {
      const table = await kubectl.run('get', kind, '-n', 'default');
      expect(table).toMatch(/STATUS/);
      expect(table).toMatch(/Accepted/);
    }
    const said = await world.condition(aiRef('AIGatewayRoute', 'llm'), 'Programmed', () => true);
    expect(said).toMatchObject({ status: 'False', reason: 'Pending' });
    expect(await kubectl.run('get', 'events', '-n', 'default')).toMatch(/Accepted\s+aigatewayroute\/llm/);
  });

  it('brings a change of the route to the HTTPRoute and to the filter config', async () => {
    await world.apply(routeYaml('llm', ['edge'], '{ name: openai }, { name: other, priority: 1 }'));
    await world.cluster.api.eventually<HTTPRoute, boolean>(
      httpRouteRef('llm'),
      'two refs',
      (object) => object?.spec?.rules?.[0]?.backendRefs?.length === 2,
    );
    await world.configured(
      'edge',
      'with both keys',
      (text) => text.includes('PLANTED-sk-other') && text.includes('PLANTED-sk-openai'),
    );
    await world.apply(routeYaml('llm', ['edge'], '{ name: openai }'));
    const config = await world.configured('edge', 'without the second', (text) => !text.includes('PLANTED-sk-other'));
    expect(config).toContain('PLANTED-sk-openai');
  });

  it('brings a rotated Secret to the filter config, and takes a deleted one away', async () => {
    await world.apply(backendYaml('openai', 'PLANTED-sk-rotated'));
    await world.configured(
      'edge',
      'the new key',
      (text) => text.includes('PLANTED-sk-rotated') && !text.includes('PLANTED-sk-openai'),
    );
    await world.cluster.api.delete(secretRef('openai', 'default'));
    await world.configured('edge', 'no key', (text) => !text.includes('PLANTED-sk-rotated'));
    const ref = aiRef('BackendSecurityPolicy', 'openai');
    const { message } = await world.condition(ref, 'ResolvedRefs', ({ reason }) => reason === 'SecretNotFound');
    expect(message).toContain('Secret default/openai does not exist');
    await world.apply(backendYaml('openai', 'PLANTED-sk-openai'));
    await world.configured('edge', 'the key is back', (text) => text.includes('PLANTED-sk-openai'));
    await world.condition(ref, 'Accepted');
  });

  it('revokes the credential when its policy is deleted', async () => {
    await world.cluster.api.delete(aiRef('BackendSecurityPolicy', 'openai'));
    const config = await world.configured('edge', 'no key', (text) => !text.includes('PLANTED-sk-openai'));
    expect(config).toContain('model-of-llm');
    await world.apply(backendYaml('openai', 'PLANTED-sk-openai'));
    await world.configured('edge', 'the key is back', (text) => text.includes('PLANTED-sk-openai'));
  });

  it('keeps the other backends serving when one is deleted, and says so', async () => {
    await world.apply(routeYaml('llm', ['edge'], '{ name: openai }, { name: other }'));
    await world.configured(
      'edge',
      'both keys',
      (text) => text.includes('PLANTED-sk-other') && text.includes('PLANTED-sk-openai'),
    );
    await world.cluster.api.delete(aiRef('AIServiceBackend', 'other'));
    const config = await world.configured('edge', 'without it', (text) => !text.includes('PLANTED-sk-other'));
    expect(config).toContain('PLANTED-sk-openai');
    await world.condition(aiRef('AIGatewayRoute', 'llm'), 'ResolvedRefs', ({ reason }) => reason === 'BackendNotFound');
    await world.apply(backendYaml('other', 'PLANTED-sk-other'));
    await world.condition(aiRef('AIGatewayRoute', 'llm'), 'Accepted');
  });

  it('follows a route from one Gateway to another', async () => {
    await world.apply(routeYaml('mover', ['edge'], '{ name: other }'));
    await world.configured('edge', 'the route', (text) => text.includes('model-of-mover'));
    await world.apply(routeYaml('mover', ['edge', 'second'], '{ name: other }'));
    await world.configured('second', 'the route too', (text) => text.includes('model-of-mover'));
    expect(await world.filterConfig('second')).not.toContain('model-of-llm');
    await world.apply(routeYaml('mover', ['second'], '{ name: other }'));
    await world.configured('edge', 'no longer', (text) => !text.includes('model-of-mover'));
    await world.cluster.api.delete(aiRef('AIGatewayRoute', 'mover'));
    // Nobody has to read it any more.
    await world.cluster.api.isGone(secretRef(configSecretNames.index('default', 'second')));
    await world.cluster.api.isGone(httpRouteRef('mover'));
    await world.cluster.api.isGone(filterRef('ai-eg-host-rewrite-mover'));
  });

  it('follows references to other namespaces only while grants allow it', async () => {
    await world.apply(backendYaml('far', 'PLANTED-sk-far', 'team'));
    await world.apply(routeYaml('crossing', ['edge'], '{ name: far, namespace: team }'));
    const ref = aiRef('AIGatewayRoute', 'crossing');
    const isRefused = ({ reason }: { reason: string }) => reason === 'RefNotPermitted';
    await world.condition(ref, 'ResolvedRefs', isRefused);
    const backends = '{ group: aigateway.envoyproxy.io, kind: AIServiceBackend }';
    const envoyBackends = '{ group: gateway.envoyproxy.io, kind: Backend }';
    await world.apply(grantYaml(`${backends}, ${envoyBackends}`));
    await world.configured('edge', 'the granted key', (text) => text.includes('PLANTED-sk-far'));
    await world.condition(ref, 'Accepted');
    await world.apply(grantYaml(`${backends.replace(' }', ', name: another }')}, ${envoyBackends}`));
    await world.configured('edge', 'no key by the name of another', (text) => !text.includes('PLANTED-sk-far'));
    await world.condition(ref, 'ResolvedRefs', isRefused);
    await world.apply(grantYaml(`${backends.replace(' }', ', name: far }')}, ${envoyBackends}`));
    await world.configured('edge', 'the key by its name', (text) => text.includes('PLANTED-sk-far'));
    await world.cluster.api.delete({
      apiVersion: 'gateway.networking.k8s.io/v1beta1',
      kind: 'ReferenceGrant',
      namespace: 'team',
      name: 'to-team',
    });
    await world.configured('edge', 'no key without the grant', (text) => !text.includes('PLANTED-sk-far'));
    const { message } = await world.condition(ref, 'ResolvedRefs', isRefused);
    expect(message).toContain('ReferenceGrant');
    await world.cluster.api.delete(ref);
  });

  it('takes the costs of a GatewayConfig while the Gateway names it', async () => {
    await world.apply(
      `apiVersion: aigateway.envoyproxy.io/v1beta1
kind: GatewayConfig
metadata: { name: tuned, namespace: default }
spec: { globalLLMRequestCosts: [{ metadataKey: global, type: TotalToken }] }`,
    );
    const { kubectl } = world.cluster;
    await kubectl.run('annotate', 'gateway', 'edge', '-n', 'default', 'aigateway.envoyproxy.io/gateway-config=tuned');
    await world.configured('edge', 'the cost', (text) => text.includes('"global"'));
    await world.condition(aiRef('GatewayConfig', 'tuned'), 'Accepted');
    await kubectl.run('annotate', 'gateway', 'edge', '-n', 'default', 'aigateway.envoyproxy.io/gateway-config-');
    const config = await world.configured('edge', 'no cost', (text) => !text.includes('"global"'));
    expect(config).toContain('model-of-llm');
  });

  it.each([
    ['HTTPRoute', httpRouteRef('llm'), { spec: { hostnames: ['edited.test'] } }],
    [
      'HTTPRouteFilter',
      filterRef('ai-eg-route-not-found-response-llm'),
      { spec: { directResponse: { statusCode: 503 } } },
    ],
    [
      'HTTPRouteFilter whose edit only a rule of the schema ties together',
      filterRef('ai-eg-host-rewrite-llm'),
      { spec: { urlRewrite: { hostname: { type: 'Header', header: 'x-host' } } } },
    ],
    ['filter config', secretRef(configSecretNames.part('default', 'edge', 0)), { data: { chunk: '' } }],
  ])('restores a %s that somebody edits or deletes', async (_, ref, edit) => {
    await world.configured('edge', 'the usual', (text) => text.includes('PLANTED-sk-openai'));
    const before = await world.cluster.api.exists<Content>(ref);
    const isAsBefore = (object: Content | undefined) => isDeepStrictEqual(contentOf(object), contentOf(before));
    await world.cluster.api.patch(ref, edit);
    await world.cluster.api.eventually(ref, 'the edit to be undone', isAsBefore);
    await world.cluster.api.delete(ref);
    const { metadata } = await world.cluster.api.eventually<Content, Content>(
      ref,
      'it to come back',
      (object) => isAsBefore(object) && object?.metadata.uid !== before.metadata.uid && object,
    );
    expect(metadata.ownerReferences).toEqual(before.metadata.ownerReferences);
  });

  it('serves a route that is deleted and made again many times', async () => {
    const ref = aiRef('AIGatewayRoute', 'again');
    for (let time = 0; time < 15; time++) {
      await world.apply(routeYaml('again', ['edge'], '{ name: other }'));
      await world.cluster.api.exists(httpRouteRef('again'));
      await world.cluster.api.delete(ref);
      await world.cluster.api.isGone(httpRouteRef('again'));
    }
    await world.apply(routeYaml('again', ['edge'], '{ name: other }'));
    await world.cluster.api.exists(httpRouteRef('again'));
    expect(await world.condition(ref, 'Accepted')).toMatchObject({ status: 'True' });
    await world.cluster.api.delete(ref);
  }, 60_000);

  it.each([httpRouteRef('llm'), filterRef('ai-eg-host-rewrite-llm')])(
    'gives a child its owner back: %j',
    async (ref) => {
      await world.apply(routeYaml('llm', ['edge'], '{ name: openai }'));
      const { metadata } = await world.cluster.api.exists(ref);
      await world.cluster.api.patch(ref, { metadata: { ownerReferences: null } });
      const owned = await world.cluster.api.eventually<KubeObject, KubeObject>(
        ref,
        'to be owned',
        (object) => object?.metadata.ownerReferences !== undefined && object,
      );
      expect(owned.metadata.ownerReferences).toEqual(metadata.ownerReferences);
      await world.condition(aiRef('AIGatewayRoute', 'llm'), 'Accepted');
      expect(await world.filterConfig('edge')).toContain('model-of-llm');
    },
  );

  it('puts the marks back on the Secrets of a filter config', async () => {
    const ref = secretRef(configSecretNames.index('default', 'edge'));
    const { metadata } = await world.cluster.api.exists(ref);
    expect(metadata.labels).toBeDefined();
    await world.cluster.api.patch(ref, { metadata: { labels: null, annotations: null } });
    const marked = await world.cluster.api.eventually<KubeObject, KubeObject>(
      ref,
      'to be marked',
      (object) => object?.metadata.labels !== undefined && object?.metadata.annotations !== undefined && object,
    );
    expect([marked.metadata.labels, marked.metadata.annotations]).toEqual([metadata.labels, metadata.annotations]);
  });

  it('touches nothing that a user made under a name of ours', async () => {
    await world.apply(
      `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: taken, namespace: default }
spec: { parentRefs: [{ name: edge }], hostnames: [mine.test] }`,
    );
    await world.apply(routeYaml('taken', ['edge'], '{ name: openai }'));
    const ref = aiRef('AIGatewayRoute', 'taken');
    const { message } = await world.condition(ref, 'NotAccepted', ({ status }) => status === 'False');
    expect(message).toContain('HTTPRoute default/taken exists');
    const theirs = await world.cluster.api.exists<HTTPRoute>(httpRouteRef('taken'));
    expect(theirs.spec?.hostnames).toEqual(['mine.test']);
    await world.cluster.api.delete(ref);
    await world.cluster.api.isGone(ref);
    // Given time to be wrong: the neighbour is reconciled after it.
    await world.apply(routeYaml('llm', ['edge'], '{ name: openai, weight: 3 }'));
    await world.configured('edge', 'the neighbour', (text) => !text.includes('PLANTED-sk-other'));
    expect((await world.cluster.api.exists(httpRouteRef('taken'))).metadata.uid).toBe(theirs.metadata.uid);
  });

  it('writes nothing while nothing changes', async () => {
    await world.configured('edge', 'the usual', (text) => text.includes('PLANTED-sk-openai'));
    await delay(2_000);
    const before = await world.writes();
    await delay(IDLE_MS);
    expect(await world.writes()).toEqual(before);
  }, 60_000);
});
