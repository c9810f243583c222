import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { KNOWN_ONLY_TO_US } from '../../src/shared/api/known-only-to-us.js';
import type { Deployment, Pod } from '../../src/shared/api/workloads.js';
import { eventually } from '../harness/eventually.js';
import { refOf, type ObjectRef } from '../harness/kube/api.js';
import type { ControllerProcess } from '../harness/kube/controller-process.js';
import { documentedBlocks, runCommands, runnableHere } from '../harness/kube/documented-commands.js';
import { CONTROLLER, RELEASE_NAMESPACE } from '../harness/kube/release.js';
import { aiRef, ControllerWorld, ENVOY_GATEWAY_NAMESPACE, httpRouteRef, secretRef } from './controller-world.js';
import { largeRule, plainRoute, PROXIES, routeOf, USERS_OBJECTS } from './give-back-objects.js';
import { CHART, helm, RELEASE } from './helm/chart.js';
import { askToFinish } from './helm/extension-hook.js';
import type { Content } from './reference-objects.js';
import { ITS_HASH, ReferencePlayer } from './reference-player.js';

const FORMER_CHART = 'test/control-plane/helm/testdata/former-chart';
const [BEFORE = '', ROLL_BACK = '', CLEAN_UP = ''] = documentedBlocks(
  'docs/installation.md',
  'Going back to Envoy AI Gateway',
  'sh',
);
const HTTP_ROUTE = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' };
const FILTER = { apiVersion: 'gateway.envoyproxy.io/v1alpha1', kind: 'HTTPRouteFilter' };
const SECRET = { apiVersion: 'v1', kind: 'Secret' };
const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' };
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };
const SERVICE = { apiVersion: 'v1', kind: 'Service' };
const POD = { apiVersion: 'v1', kind: 'Pod' };
const POD_REF: ObjectRef = { ...POD, namespace: ENVOY_GATEWAY_NAMESPACE, name: 'envoy-edge-1' };
const DEPLOYMENT_REF: ObjectRef = { ...DEPLOYMENT, namespace: ENVOY_GATEWAY_NAMESPACE, name: 'envoy-edge' };
const UUID = 'aigateway.envoyproxy.io/uuid';
const CONFIG_HASH = 'aigateway.envoyproxy.io/extproc-config-hash';
const GENERATED = 'gateway.envoyproxy.io/ai-gateway-generated';
const PRIORITIES = 'gateway.envoyproxy.io/backend-ref-priority';
const XDS_INPUTS = 'gateway.envoyproxy.io/ai-gateway-xds-inputs';
const UNUSABLE_REFS = 'gateway.envoyproxy.io/ai-gateway-unusable-refs';
/** What the reference writes at each reconcile, as the spec says: the id of the config, everywhere. */
const WRITTEN_EACH_TIME = [
  'Secret edge-default-3f113443a014-part-000',
  'Secret edge-default-3f113443a014',
  'Secret edge-default',
  'Pod envoy-edge-1',
];
const REFUSED = ['AIGatewayRoute forgotten', 'AIGatewayRoute lame'];
const ROUTES = ['llm', 'crossing', 'pooled', 'marked', 'fresh', 'idle', 'lame', 'wide', 'wide-2', 'forgotten'];
const IDLE_RULE = `{ backendRefs: [{ name: openai }], streamIdleTimeout: 30s }`;
const LAME_RULE = `{ backendRefs: [{ name: missing }, { name: openai }] }`;
/** Longer than the controller waits before it writes something. */
const IDLE_MS = 3_000;

interface Managed extends Content {
  readonly metadata: Content['metadata'] & {
    readonly managedFields?: readonly { readonly manager: string; readonly operation: string }[];
  };
}

const contentOf = ({ metadata, spec }: Content) => {
  const { name, labels, annotations, ownerReferences, finalizers } = metadata;
  return { name, labels, annotations, ownerReferences, finalizers, spec };
};
const stateOf = (object: Content) => ({
  ...contentOf(object),
  uid: object.metadata.uid,
  generation: object.metadata.generation,
});
/** Of the route `marked`. */
const withoutMarks = <T extends ReturnType<typeof stateOf>>({ labels, annotations, ...rest }: T) => ({
  ...rest,
  labels: labels && without(labels, 'app.kubernetes.io/managed-by'),
  annotations: annotations && without(annotations, 'meta.helm.sh/release-name'),
});
const without = (entries: Readonly<Record<string, string>>, name: string) =>
  Object.fromEntries(Object.entries(entries).filter(([key]) => key !== name));
const isAppliedByUs = ({ metadata }: Managed) =>
  metadata.managedFields?.some(
    ({ manager, operation }) => manager === 'ai-gateway-controller' && operation === 'Apply',
  ) === true;
const hasMarks = (object: Content) => !isDeepStrictEqual(stateOf(object), withoutMarks(stateOf(object)));
const versionOf = ({ metadata }: KubeObject) => [metadata.name, metadata.resourceVersion];

describe('a cluster that changes hands', () => {
  let world: ControllerWorld;
  let player: ReferencePlayer;
  let controller: ControllerProcess;
  let made: readonly Content[];
  let madeSecrets: readonly Content[];
  let madePod: KubeObject;

  const inCluster = async (...args: readonly string[]) =>
    await helm(...args, '--kubeconfig', world.cluster.kubeconfig, '--namespace', RELEASE_NAMESPACE);
  const list = async (type: typeof SECRET, namespace?: string) =>
    await world.cluster.api.list<Managed>(type, namespace === undefined ? {} : { namespace });
  /** HTTPRoutes and filters. */
  const routesAndFilters = async () => [...(await list(HTTP_ROUTE)), ...(await list(FILTER))];
  const configSecrets = async () => await list(SECRET, ENVOY_GATEWAY_NAMESPACE);
  const namesOf = async (type: typeof SECRET, namespace: string) =>
    (await list(type, namespace)).map(({ metadata }) => metadata.name).sort();

  /** Everything that carries the mark. */
  async function known(): Promise<readonly string[]> {
    const labelSelector = Object.entries(KNOWN_ONLY_TO_US).flat().join('=');
    const types = [HTTP_ROUTE, FILTER, SECRET, CONFIG_MAP, DEPLOYMENT, SERVICE, POD];
    const found = await Promise.all(types.map((type) => world.cluster.api.list(type, { labelSelector })));
    return found.flat().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  }

  /** Without a deployment controller nobody else says that no roll-out is under way. */
  async function rolledOut(): Promise<void> {
    const { metadata } = await world.cluster.api.exists(DEPLOYMENT_REF);
    const status = { observedGeneration: metadata.generation, replicas: 1, updatedReplicas: 1 };
    await world.cluster.api.patch(DEPLOYMENT_REF, { status }, 'status');
  }

  async function whileLeading(name: string): Promise<void> {
    await inCluster('upgrade', RELEASE, CHART);
    controller = await world.controller(name);
    await world.configured('edge', 'with the key', (text) => text.includes('PLANTED-sk-openai'));
  }

  const accepted = async (...names: readonly string[]) => {
    for (const name of names) await world.condition(aiRef('AIGatewayRoute', name), 'Accepted', () => true);
  };

  /** As the reference leaves it: all is written by `controller` with Update, and our kinds hold its finalizer. */
  beforeAll(async () => {
    world = await ControllerWorld.start([], async (cluster) => {
      for (const name of [RELEASE_NAMESPACE, 'team']) await cluster.api.ensureNamespace(name);
      for (const document of parseAllDocuments(PROXIES)) await cluster.api.apply(document.toJS() as KubeObject);
      const place = ['--kubeconfig', cluster.kubeconfig, '--namespace', RELEASE_NAMESPACE];
      await helm('install', RELEASE, FORMER_CHART, ...place);
    });
    player = new ReferencePlayer(world.cluster.api);
    await world.apply(USERS_OBJECTS);
    expect((await player.reconcile()).refused).toEqual([]);
    made = await routesAndFilters();
    madeSecrets = await configSecrets();
    madePod = await world.cluster.api.exists(POD_REF);
    await rolledOut();
    await whileLeading('controller-0');
  }, 180_000);

  afterAll(async () => {
    await world.stop();
  }, 60_000);

  it('is taken over without a change of HTTPRoutes and filters, but that marks of other tools go', async () => {
    for (const before of made) {
      const after = await world.cluster.api.eventually<Managed, Managed>(
        refOf(before),
        'to be taken over',
        // Taking over is a write, and what is too much goes by a second one.
        (object) =>
          object && ((isAppliedByUs(object) && !hasMarks(object)) || before.metadata.name === 'mine') && object,
      );
      expect(stateOf(after)).toEqual(withoutMarks(stateOf(before)));
    }
    expect(await routesAndFilters()).toHaveLength(made.length);
  });

  it('keeps Secrets, their keys, and the keys of annotations of proxies', async () => {
    const { api } = world.cluster;
    const shapeOf = ({ metadata, data = {} }: Content) => [metadata.name, metadata.uid, Object.keys(data)];
    expect((await configSecrets()).map(shapeOf)).toEqual(madeSecrets.map(shapeOf));
    const pod = await api.eventually<Pod, Pod>(
      POD_REF,
      'the id of our config',
      (object) => object?.metadata.annotations?.[UUID] !== madePod.metadata.annotations?.[UUID] && object,
    );
    expect(Object.keys(pod.metadata.annotations ?? {})).toEqual([UUID]);
    const { annotations } = await api.eventually<Deployment, Partial<KubeObject['metadata']>>(
      DEPLOYMENT_REF,
      'our hash',
      ({ spec } = { apiVersion: '', kind: 'Deployment', metadata: { name: '' } }) => {
        const metadata = spec?.template?.metadata;
        return metadata?.annotations?.[CONFIG_HASH] !== ITS_HASH && metadata;
      },
    );
    expect(Object.keys(annotations ?? {})).toEqual([CONFIG_HASH]);
    await rolledOut();
  });

  it('carries the mark on whole objects that the reference does not know, and on no others', async () => {
    await world.apply(plainRoute('fresh'));
    await world.apply(routeOf('idle', IDLE_RULE));
    await world.apply(routeOf('lame', LAME_RULE));
    for (const name of ['wide', 'forgotten'])
      await world.apply(routeOf(name, `${largeRule(name)}, ${largeRule(`more-${name}`)}`));
    await accepted('fresh', 'idle', 'wide', 'forgotten');
    await world.condition(
      aiRef('AIGatewayRoute', 'lame'),
      'ResolvedRefs',
      ({ reason }) => reason === 'BackendNotFound',
    );
    await askToFinish(controller.ports.extensionServer, { namespace: 'default', name: 'edge' });
    const expected = [
      'HTTPRoute forgotten-part-1-rule-1',
      'HTTPRoute wide-part-1-rule-1',
      'ConfigMap ai-gateway-translations',
    ];
    await eventually('what only we make', async () => (await known()).length === expected.length);
    expect(await known()).toEqual(expected);
    expect(Object.keys(await annotationsOf('idle')).sort()).toEqual([XDS_INPUTS, GENERATED, PRIORITIES].sort());
    expect(Object.keys(await annotationsOf('lame')).sort()).toEqual([UNUSABLE_REFS, GENERATED, PRIORITIES].sort());
    expect(Object.keys(await annotationsOf('fresh')).sort()).toEqual([GENERATED, PRIORITIES]);
  });

  it('puts the mark on what a former release has made without it', async () => {
    const before = await known();
    const [label = ''] = Object.keys(KNOWN_ONLY_TO_US);
    const { kubectl } = world.cluster;
    await kubectl.run('label', 'httproute', 'forgotten-part-1-rule-1', `${label}-`);
    await kubectl.run('label', 'configmap', 'ai-gateway-translations', '-n', RELEASE_NAMESPACE, `${label}-`);
    // The record is written with the next translation.
    await eventually('the marks', async () => {
      await askToFinish(controller.ports.extensionServer, { namespace: 'default', name: 'edge' });
      return (await known()).length === before.length;
    });
    expect(await known()).toEqual(before);
  });

  it('shows before what the reference could not serve, and lets it be mended meanwhile', async () => {
    await expect(runCommands(BEFORE, world.cluster)).rejects.toMatchObject({
      stdout: expect.stringMatching(/forgotten-part-1-rule-1[\s\S]*wide-part-1-rule-1/),
      stderr: expect.stringContaining('aigatewayroutes/lame'),
    });
    await world.apply(routeOf('wide-2', largeRule('more-wide')));
    await accepted('wide-2');
    await world.apply(routeOf('wide', largeRule('wide')));
    await world.cluster.api.isGone(httpRouteRef('wide-part-1-rule-1'));
  }, 60_000);

  it('is given back: the reference has to write no HTTPRoute and no filter', async () => {
    const mine = await world.cluster.api.exists(httpRouteRef('mine'));
    await controller.process.stop();
    await runCommands(runnableHere(ROLL_BACK), world.cluster);
    const { changed, refused } = await player.reconcile();
    expect(refused).toEqual(REFUSED);
    // Objects of users get its finalizer again, which ours do without.
    const isOfUsers = (name: string) => /^(AIGatewayRoute|AIServiceBackend|BackendSecurityPolicy) /.test(name);
    expect(changed.filter(isOfUsers)).toContain('AIGatewayRoute fresh');
    expect(changed.filter((name) => !isOfUsers(name))).toEqual([
      // It puts the marks back.
      'HTTPRoute marked',
      ...WRITTEN_EACH_TIME,
      // Its hash in place of ours.
      'Deployment envoy-edge',
    ]);

    await runCommands(runnableHere(CLEAN_UP), world.cluster);
    expect(await known()).toEqual([]);
    expect(versionOf(await world.cluster.api.exists(httpRouteRef('mine')))).toEqual(versionOf(mine));
    await expectReferenceOnly();
    expect(await player.reconcile()).toEqual({ changed: WRITTEN_EACH_TIME, refused: REFUSED });
  }, 60_000);

  it('is taken over again without a write to ordinary HTTPRoutes and filters', async () => {
    await world.apply(plainRoute('theirs'));
    await player.reconcile();
    const before = await routesAndFilters();
    await whileLeading('controller-1');
    await world.cluster.api.eventually<Content, boolean>(
      httpRouteRef('idle'),
      'our annotation',
      (object) => object?.metadata.annotations?.[XDS_INPUTS] !== undefined,
    );
    await world.cluster.api.exists(httpRouteRef('forgotten-part-1-rule-1'));
    const isTheirs = ({ metadata }: KubeObject) => metadata.name.endsWith('theirs');
    for (const theirs of before.filter(isTheirs)) {
      // Only its managed fields are written.
      const after = await world.cluster.api.eventually<Managed, Managed>(
        refOf(theirs),
        'to be taken over',
        (object) => object && isAppliedByUs(object) && object,
      );
      expect(stateOf(after)).toEqual(stateOf(theirs));
    }
    await delay(IDLE_MS);
    const isWritten = ({ metadata }: KubeObject) => ['marked', 'idle', 'lame'].includes(metadata.name);
    const ordinary = (objects: readonly Content[]) =>
      objects.filter((object) => !isTheirs(object) && !isWritten(object));
    const after = (await routesAndFilters()).filter(({ metadata }) => metadata.name !== 'forgotten-part-1-rule-1');
    expect(ordinary(after).map(versionOf)).toEqual(ordinary(before).map(versionOf));
  }, 90_000);

  it('is given back from processors as Deployments and from closed routes as well', async () => {
    await controller.process.stop();
    await inCluster('upgrade', RELEASE, CHART, '--set', 'extProc.mode=deployment');
    controller = await world.controller('controller-2', '-extProcMode=deployment', '-failClosedUntilHookSeen=true');
    const closed = made.flatMap(({ kind, metadata }) =>
      kind === 'HTTPRoute' && metadata.name !== 'mine' ? [metadata.name] : [],
    );
    for (const name of closed)
      await world.cluster.api.exists({ ...FILTER, namespace: 'default', name: `ai-eg-closed-response-${name}` });
    await eventually('a processor', async () => (await known()).some((name) => name.startsWith('Service ')));
    await controller.process.stop();
    await runCommands(runnableHere(ROLL_BACK), world.cluster);
    const { changed } = await player.reconcile();
    expect(changed).toEqual(expect.arrayContaining(closed.map((name) => `HTTPRoute ${name}`)));
    await runCommands(runnableHere(CLEAN_UP), world.cluster);
    expect(await known()).toEqual([]);
    await expectReferenceOnly('theirs');
  }, 90_000);

  const annotationsOf = async (name: string) =>
    (await world.cluster.api.exists(httpRouteRef(name))).metadata.annotations ?? {};

  /** All that there is, is what the reference would have made. */
  async function expectReferenceOnly(...more: readonly string[]): Promise<void> {
    const { api } = world.cluster;
    const expected = await player.expected();
    for (const wanted of expected)
      expect(contentOf(await api.exists<Content>(refOf(wanted)))).toEqual(contentOf(wanted));
    const routes = [...ROUTES, ...more];
    expect(await namesOf(HTTP_ROUTE, 'default')).toEqual([...routes, 'mine'].sort());
    const filters = routes.flatMap((name) => [`ai-eg-host-rewrite-${name}`, `ai-eg-route-not-found-response-${name}`]);
    expect(await namesOf(FILTER, 'default')).toEqual(filters.sort());
    for (const name of ['lame', 'forgotten']) {
      expect(expected).not.toContainEqual(
        expect.objectContaining({ kind: 'HTTPRoute', metadata: expect.objectContaining({ name }) }),
      );
      expect(Object.keys(await annotationsOf(name)).sort()).toEqual([GENERATED, PRIORITIES]);
    }
    const secrets = await configSecrets();
    expect(secrets.map(({ metadata, data = {} }) => [`Secret ${metadata.name}`, Object.keys(data)])).toEqual([
      ['Secret edge-default', ['filter-config.yaml']],
      ['Secret edge-default-3f113443a014', ['index.yaml']],
      ['Secret edge-default-3f113443a014-part-000', ['chunk']],
    ]);
    const certificate = await api.exists<Content>(
      secretRef('self-signed-cert-for-mutating-webhook', RELEASE_NAMESPACE),
    );
    expect(Object.keys(certificate.data ?? {})).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    expect(Object.keys((await api.exists(POD_REF)).metadata.annotations ?? {})).toEqual([UUID]);
    const { spec } = await api.exists<Deployment>(DEPLOYMENT_REF);
    // Either is among those by which it rolls proxies out itself.
    const { [UUID]: _, ...template } = spec?.template?.metadata?.annotations ?? {};
    expect(template).toEqual({ [CONFIG_HASH]: ITS_HASH });
    for (const namespace of [ENVOY_GATEWAY_NAMESPACE, RELEASE_NAMESPACE]) {
      const isProxies = namespace === ENVOY_GATEWAY_NAMESPACE;
      expect(await namesOf(DEPLOYMENT, namespace)).toEqual([isProxies ? 'envoy-edge' : CONTROLLER]);
      expect(await namesOf(SERVICE, namespace)).toEqual(isProxies ? [] : [CONTROLLER]);
      expect(await namesOf(CONFIG_MAP, namespace)).toEqual([]);
    }
  }
});
