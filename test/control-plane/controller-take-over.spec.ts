import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HTTPRoute } from '../../src/shared/api/http-route.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { configSecretNames } from '../../src/shared/extproc-pod/names.js';
import type { ObjectRef } from '../harness/kube/api.js';
import {
  aiRef,
  backendYaml,
  ControllerWorld,
  gatewayYaml,
  httpRouteRef,
  routeYaml,
  secretRef,
} from './controller-world.js';

const FINALIZER = 'aigateway.envoyproxy.io/finalizer';

interface Content extends KubeObject {
  readonly spec?: object;
  readonly data?: Readonly<Record<string, string>>;
}

const filterRef = (name: string): ObjectRef => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'HTTPRouteFilter',
  namespace: 'default',
  name,
});

const OWN_KINDS = ['AIGatewayRoute', 'AIServiceBackend', 'BackendSecurityPolicy'];

describe('taking over a cluster of the reference', () => {
  let world: ControllerWorld;
  const before = new Map<string, Content>();
  const children: readonly ObjectRef[] = [
    httpRouteRef('llm'),
    filterRef('ai-eg-host-rewrite-llm'),
    filterRef('ai-eg-route-not-found-response-llm'),
    secretRef(configSecretNames.part('default', 'edge', 0)),
    secretRef(configSecretNames.index('default', 'edge')),
  ];

  /** As the reference leaves it: written by `controller` with Update, no labels on Secrets, finalizers on our kinds. */
  beforeAll(async () => {
    world = await ControllerWorld.start();
    const { api } = world.cluster;
    await world.apply(gatewayYaml('edge'));
    await world.apply(backendYaml('openai', 'PLANTED-sk-openai'));
    await world.apply(routeYaml('llm', ['edge'], '{ name: openai }'));
    for (const kind of OWN_KINDS)
      await api.patch(aiRef(kind, kind === 'AIGatewayRoute' ? 'llm' : 'openai'), {
        metadata: { finalizers: [FINALIZER] },
      });
    const { metadata } = await api.exists(aiRef('AIGatewayRoute', 'llm'));
    for (const object of childrenOfReference(metadata.uid ?? '')) {
      const { apiVersion, kind } = object;
      await createAsReference({ ...object, metadata: { ...object.metadata, labels: { left: 'over' } } });
      const ref = { apiVersion, kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name };
      before.set(JSON.stringify(ref), await api.exists<Content>(ref));
    }
    await world.controller();
    await world.configured('edge', 'with the key', (text) => text.includes('PLANTED-sk-openai'));
    await world.condition(aiRef('AIGatewayRoute', 'llm'), 'Accepted');
  }, 120_000);

  afterAll(async () => {
    await world.stop();
  }, 60_000);

  const formerOf = (ref: ObjectRef) => before.get(JSON.stringify(ref));

  it('keeps the objects themselves', async () => {
    const objects = await Promise.all(children.map((ref) => world.cluster.api.exists<Content>(ref)));
    expect(objects.map(({ metadata }) => metadata.uid)).toEqual(children.map((ref) => formerOf(ref)?.metadata.uid));
  });

  it.each([
    ['HTTPRoute', httpRouteRef('llm')],
    ['HTTPRouteFilter', filterRef('ai-eg-host-rewrite-llm')],
    ['HTTPRouteFilter of the catch-all', filterRef('ai-eg-route-not-found-response-llm')],
  ])('changes nothing in the spec of the %s, and drops labels that nobody wants any more', async (_, ref) => {
    const { spec, metadata } = await world.cluster.api.exists<Content>(ref);
    expect(spec).toEqual(formerOf(ref)?.spec);
    expect(metadata.generation).toBe(formerOf(ref)?.metadata.generation);
    expect(metadata.annotations).toEqual(formerOf(ref)?.metadata.annotations);
    expect(metadata.ownerReferences).toEqual(formerOf(ref)?.metadata.ownerReferences);
    expect(metadata.labels).toBeUndefined();
  });

  it('takes its finalizer off objects of users, which nobody could once this controller is uninstalled', async () => {
    const released = OWN_KINDS.map((kind) =>
      world.cluster.api.eventually<KubeObject, KubeObject>(
        aiRef(kind, kind === 'AIGatewayRoute' ? 'llm' : 'openai'),
        'no finalizer',
        (object) => !object?.metadata.finalizers?.includes(FINALIZER) && object,
      ),
    );
    expect((await Promise.all(released)).map(({ metadata }) => metadata.deletionTimestamp)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('removes a rule of theirs that is no longer wanted', async () => {
    await world.apply(`apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: { name: llm, namespace: default }
spec:
  parentRefs: [{ name: edge, kind: Gateway, group: gateway.networking.k8s.io }]
  rules: []`);
    await world.cluster.api.eventually<HTTPRoute, boolean>(
      httpRouteRef('llm'),
      'only the catch-all',
      (object) => object?.spec?.rules?.length === 1,
    );
    const config = await world.configured('edge', 'without the key', (text) => !text.includes('PLANTED-sk-openai'));
    expect(config).not.toContain('model-of-llm');
  });

  it('lets objects that hold the finalizer of the reference be deleted, and cleans up after them', async () => {
    const { api } = world.cluster;
    for (const kind of OWN_KINDS) await api.delete(aiRef(kind, kind === 'AIGatewayRoute' ? 'llm' : 'openai'));
    for (const kind of OWN_KINDS) await api.isGone(aiRef(kind, kind === 'AIGatewayRoute' ? 'llm' : 'openai'));
    for (const ref of children) await api.isGone(ref);
    // What they did not make stays.
    expect(await api.get(secretRef('openai', 'default'))).toBeDefined();
  });

  /** With Update, under the name that a manager of controller-runtime has for the API server. */
  async function createAsReference(object: Content): Promise<void> {
    const root: Readonly<Record<string, string>> = {
      HTTPRoute: 'apis/gateway.networking.k8s.io/v1',
      HTTPRouteFilter: 'apis/gateway.envoyproxy.io/v1alpha1',
      Secret: 'api/v1',
    };
    const { namespace = '' } = object.metadata;
    const path = `/${root[object.kind] ?? ''}/namespaces/${namespace}/${object.kind.toLowerCase()}s?fieldManager=controller`;
    await world.cluster.api.transport.json(path, { method: 'POST', body: object });
  }

  function childrenOfReference(uid: string): readonly Content[] {
    const owner = { apiVersion: 'aigateway.envoyproxy.io/v1beta1', kind: 'AIGatewayRoute', name: 'llm', uid };
    const ownerReferences = [{ ...owner, controller: true, blockOwnerDeletion: true }];
    const owned = (ref: ObjectRef, spec: object, annotations = {}): Content => ({
      apiVersion: ref.apiVersion,
      kind: ref.kind,
      metadata: { name: ref.name, namespace: 'default', ownerReferences, annotations },
      spec,
    });
    const extension = (name: string) => ({
      type: 'ExtensionRef',
      extensionRef: { group: 'gateway.envoyproxy.io', kind: 'HTTPRouteFilter', name },
    });
    const [route, rewrite, notFound, part, index] = children as [ObjectRef, ObjectRef, ObjectRef, ObjectRef, ObjectRef];
    const secret = (ref: ObjectRef, data: Readonly<Record<string, string>>): Content => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: ref.name, namespace: ref.namespace ?? '' },
      data,
    });
    return [
      owned(rewrite, { urlRewrite: { hostname: { type: 'Backend' } } }),
      owned(notFound, { directResponse: { statusCode: 404, body: { type: 'Inline', inline: 'their words' } } }),
      owned(
        route,
        {
          parentRefs: [{ name: 'edge', kind: 'Gateway', group: 'gateway.networking.k8s.io' }],
          rules: [
            {
              matches: [{ headers: [{ name: 'x-ai-eg-model', value: 'model-of-llm' }], path: { value: '/' } }],
              filters: [extension(rewrite.name)],
              backendRefs: [{ group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'openai', weight: 1 }],
              timeouts: { request: '60s' },
            },
            { name: 'route-not-found', matches: [{ path: { value: '/' } }], filters: [extension(notFound.name)] },
          ],
        },
        {
          'gateway.envoyproxy.io/ai-gateway-generated': 'true',
          'gateway.envoyproxy.io/backend-ref-priority': '0:openai:0',
        },
      ),
      secret(part, { chunk: Buffer.from('version: old').toString('base64') }),
      secret(index, { 'index.yaml': Buffer.from('{}').toString('base64') }),
    ];
  }
});
