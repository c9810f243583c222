import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import type { StoredDefinition } from '../../../src/modules/crd/storage-migration.js';
import type { ConditionedObject } from '../../../src/shared/api/conditions.js';
import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import type { Deployment, Pod } from '../../../src/shared/api/workloads.js';
import { configSecretNames } from '../../../src/shared/extproc-pod/names.js';
import { extProcServiceName } from '../../../src/shared/extproc-pod/service.js';
import { eventually } from '../../harness/eventually.js';
import type { ObjectRef } from '../../harness/kube/api.js';
import { installCrds } from '../../harness/kube/install-crds.js';
import { KubeCluster } from '../../harness/kube/kube-cluster.js';
import { TemporaryDirectory } from '../../harness/temporary-directory.js';
import { ENVOY_GATEWAY_NAMESPACE, NAMESPACE, objectsOf, render } from './chart.js';
import { ControllerProcess, SERVICE_ACCOUNT } from './controller-process.js';
import { askToFinish } from './extension-hook.js';
import { isUsedBy, rightsOf, rightText, type Role } from './granted-rights.js';
import type { ApiRequest } from './recording-proxy.js';
import { proxiesWorld, proxyPod, route, usersWorld } from './rights-world.js';

/** Rights of which the world here makes no use, with what uses them. */
const SELDOM_USED: Readonly<Record<string, string>> = {
  'update aigatewayroutes/finalizers.aigateway.envoyproxy.io':
    'asked for by the admission plugin OwnerReferencesPermissionEnforcement, which OpenShift has',
  ...Object.fromEntries(
    [
      'aigatewayroutes',
      'aiservicebackends',
      'backendsecuritypolicies',
      'gatewayconfigs',
      'mcproutes',
      'quotapolicies',
    ].map((plural) => [`get ${plural}.aigateway.envoyproxy.io`, 'read again after a conflict of a status']),
  ),
  'get gateways.gateway.networking.k8s.io': 'read by the webhook for a proxy that comes before the Gateway is seen',
  'get httproutefilters.gateway.envoyproxy.io': 'as of httproutes, which is used here',
  'get leases.coordination.k8s.io (5b9825d2.gateway.envoyproxy.io)':
    'read while Envoy Gateway owes a hook, as in controller-hook-watch.spec.ts',
  'get services': 'read again after a conflict',
  'get deployments.apps': 'read again after a conflict',
};

const AI = 'aigateway.envoyproxy.io/v1beta1';
const ROUTE_CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: 'aigatewayroutes.aigateway.envoyproxy.io',
};
const HTTP_ROUTE = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' };
const secretRef = (name: string): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'Secret',
  namespace: ENVOY_GATEWAY_NAMESPACE,
  name,
});

describe('the rights of the chart', () => {
  let cluster: KubeCluster;
  const directory = new TemporaryDirectory();
  const started: ControllerProcess[] = [];

  beforeAll(async () => {
    cluster = await KubeCluster.start();
    await installCrds(cluster.api);
    for (const name of [NAMESPACE, ENVOY_GATEWAY_NAMESPACE, 'users', 'team']) await cluster.api.ensureNamespace(name);
  }, 120_000);

  afterAll(async () => {
    for (const controller of started) await controller.stop();
    await cluster.stop();
    directory.remove();
  }, 60_000);

  async function apply(yaml: string, ...flags: readonly string[]): Promise<void> {
    const file = directory.file('applied.yaml');
    writeFileSync(file, yaml);
    await cluster.kubectl.applyFile(file, '--server-side', '--force-conflicts', ...flags);
  }

  /** Applies the whole chart and starts its controller, once the API server knows the rights. */
  async function install(...flags: readonly string[]): Promise<{ controller: ControllerProcess; rendered: string }> {
    const rendered = await render(...flags);
    await apply(rendered);
    await rightsInForce(rendered);
    const controller = await ControllerProcess.start(cluster, rendered);
    started.push(controller);
    return { controller, rendered };
  }

  async function rightsInForce(rendered: string): Promise<void> {
    const account = `--as=system:serviceaccount:${NAMESPACE}:${SERVICE_ACCOUNT}`;
    for (const { verb, group, resource, namespace, names } of rightsOf(rolesOf(rendered))) {
      if (!['list', 'update'].includes(verb)) continue;
      const type = group === '' ? resource : `${resource}.${group}`;
      const [plural, sub] = type.includes('/')
        ? [`${resource.split('/')[0]}.${group}`, resource.split('/')[1]]
        : [type];
      const what = [
        verb,
        names[0] === undefined ? plural : `${plural}/${names[0]}`,
        ...(sub ? ['--subresource', sub] : []),
      ];
      await eventually(`the right to ${what.join(' ')}`, async () => {
        const where = namespace === undefined ? '--all-namespaces' : `--namespace=${namespace}`;
        return (await cluster.kubectl.run('auth', 'can-i', ...what, account, where)).trim() === 'yes';
      });
    }
  }

  /** Lives through everything that the controller does for one namespace of users. */
  async function live(namespace: string, controller: ControllerProcess): Promise<void> {
    const { api } = cluster;
    const index = secretRef(configSecretNames.index(namespace, 'edge'));
    await apply(proxiesWorld(namespace));
    for (const kind of ['Deployment', 'DaemonSet']) {
      const ref = { apiVersion: 'apps/v1', kind, namespace: ENVOY_GATEWAY_NAMESPACE, name: `envoy-${namespace}-edge` };
      await api.patch(ref, { status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1 } }, 'status');
    }
    await apply(proxyPod(namespace, 'bare'));
    await apply(usersWorld(namespace));

    await api.exists(index);
    await accepted({ apiVersion: AI, kind: 'AIGatewayRoute', namespace, name: 'llm' });
    await accepted({ apiVersion: AI, kind: 'AIServiceBackend', namespace, name: 'openai' });
    await accepted({ apiVersion: AI, kind: 'BackendSecurityPolicy', namespace, name: 'openai-key' });
    await accepted({ apiVersion: AI, kind: 'GatewayConfig', namespace, name: 'settings' });
    for (const kind of ['Deployment', 'DaemonSet'])
      await api.eventually<Deployment, string>(
        { apiVersion: 'apps/v1', kind, namespace: ENVOY_GATEWAY_NAMESPACE, name: `envoy-${namespace}-edge` },
        'a roll-out, since its pod has no processor',
        (one) => one?.spec?.template?.metadata?.annotations?.['aigateway.envoyproxy.io/extproc-config-hash'],
      );

    // The webhook is called through the Service and trusted by the CA that the controller wrote.
    const pod = { apiVersion: 'v1', kind: 'Pod', namespace: ENVOY_GATEWAY_NAMESPACE, name: 'injected' };
    await apply(proxyPod(namespace, 'injected'));
    const injected = await api.get<Pod>(pod);
    expect(injected?.spec?.initContainers?.map(({ name }) => name)).toEqual(['ai-gateway-extproc']);
    const before = await api.exists(index);
    await apply(route(namespace, 'llm', 'gpt-5'));
    await api.eventually(
      index,
      'another config',
      (now) => now?.metadata.resourceVersion !== before.metadata.resourceVersion,
    );
    await api.eventually(
      pod,
      'the pod to be told',
      (now) => now?.metadata.annotations?.['aigateway.envoyproxy.io/uuid'],
    );

    await takeOver(namespace);
    await askToFinish(controller.grpcPort, { namespace, name: 'edge' });
    await api.exists({ apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name: 'ai-gateway-translations' });
    await eventually('events', async () =>
      (await cluster.kubectl.run('get', 'events', '-n', namespace)).includes('Accepted'),
    );
    await disappear(namespace, index);
  }

  const accepted = async (ref: ObjectRef): Promise<boolean> =>
    await cluster.api.eventually<KubeObject & ConditionedObject, boolean>(
      ref,
      'to be accepted',
      (object) =>
        object?.status?.conditions?.some(({ type, status }) => type === 'Accepted' && status === 'True') ?? false,
    );

  /** The HTTPRoute becomes one that the reference has written: by an update. */
  async function takeOver(namespace: string): Promise<void> {
    const ref = { ...HTTP_ROUTE, namespace, name: 'llm' };
    const { metadata } = await cluster.api.exists<KubeObject & { metadata: { managedFields: readonly object[] } }>(ref);
    const managedFields = metadata.managedFields.map((entry) => ({
      ...entry,
      manager: 'controller',
      operation: 'Update',
    }));
    await cluster.api.patch(ref, { metadata: { managedFields } });
    await cluster.api.eventually<typeof metadata & KubeObject, boolean>(ref, 'to be taken over', (object) =>
      JSON.stringify(object?.metadata).includes('"manager":"ai-gateway-controller","operation":"Apply"'),
    );
  }

  async function disappear(namespace: string, index: ObjectRef): Promise<void> {
    const { api } = cluster;
    const kinds = 'aigatewayroutes,aiservicebackends,backendsecuritypolicies,gatewayconfigs,mcproutes,quotapolicies';
    // Ends only when the controller takes the reference's finalizer off each of them.
    await cluster.kubectl.run('delete', kinds, '--all', '--namespace', namespace, '--timeout=20s');
    await api.isGone({ ...HTTP_ROUTE, namespace, name: 'llm' });
    for (const name of ['bare', 'injected'])
      await api.delete({ apiVersion: 'v1', kind: 'Pod', namespace: ENVOY_GATEWAY_NAMESPACE, name });
    await api.isGone(index);
  }

  it('are those that the controller needs, and no more, when it sees all namespaces', async () => {
    // Something to migrate, as after an upgrade of the CRDs.
    await cluster.api.patch(ROUTE_CRD, { status: { storedVersions: ['v1alpha1', 'v1beta1'] } }, 'status');
    const { controller, rendered } = await install();
    await live('users', controller);
    await eventually('the list of stored versions to be trimmed', async () => {
      const { status } = await cluster.api.exists<StoredDefinition>(ROUTE_CRD);
      return status?.storedVersions?.length === 1;
    });
    await controller.stop();
    // To Deployments and back: what is no longer wanted is deleted under the rights of sidecar mode.
    const deployed = await install('--set', 'extProc.mode=deployment');
    await apply(usersWorld('users'));
    const [name, where] = [extProcServiceName('users', 'edge'), { namespace: ENVOY_GATEWAY_NAMESPACE }];
    const refs = [
      { apiVersion: 'apps/v1', kind: 'Deployment', ...where, name },
      { apiVersion: 'v1', kind: 'Service', ...where, name },
    ];
    for (const ref of refs) await cluster.api.exists(ref);
    await deployed.controller.stop();
    const back = await install();
    for (const ref of refs) await cluster.api.isGone(ref);
    await back.controller.stop();

    expect([controller, deployed.controller, back.controller].flatMap(({ refused }) => refused)).toEqual([]);
    expect(unusedRights(rendered, [controller, back.controller])).toEqual([]);
    expect(unusedRights(deployed.rendered, [controller, deployed.controller, back.controller])).toEqual([]);
  }, 240_000);

  it('are those of the named namespaces when it sees only these', async () => {
    const { controller, rendered } = await install('--set', 'controller.watch.namespaces={team}');
    await live('team', controller);
    await controller.stop();
    expect(controller.refused).toEqual([]);
    // The same rights as in a whole cluster, which another test finds to be needed.
    expect(textsOf(rendered)).toEqual(textsOf(await render('--set', 'controller.migrateStorageVersions=false')));
    const namespaces = new Set(controller.requests.map(({ namespace }) => namespace));
    expect([...namespaces].sort()).toEqual(['', ENVOY_GATEWAY_NAMESPACE, NAMESPACE, 'team'].sort());
    const clusterWide = controller.requests.filter(({ namespace, resource }) => namespace === '' && resource !== '');
    const withoutNamespaces = ['gatewayclasses', 'mutatingwebhookconfigurations', 'validatingwebhookconfigurations'];
    expect(clusterWide.filter(({ resource }) => !withoutNamespaces.includes(resource))).toEqual([]);
  }, 240_000);
});

/** Roles of the controller's account. */
const rolesOf = (rendered: string): readonly Role[] =>
  objectsOf(rendered).filter(
    (object): object is Role =>
      ['ClusterRole', 'Role'].includes(object.kind) && object.metadata.name.startsWith(SERVICE_ACCOUNT),
  );

const textsOf = (rendered: string): readonly string[] =>
  [...new Set(rightsOf(rolesOf(rendered)).map(rightText))].sort();

/** In one text for each right that no request used and that is not seldom used. */
function unusedRights(rendered: string, controllers: readonly { readonly requests: readonly ApiRequest[] }[]) {
  const requests = controllers.flatMap(({ requests }) => requests);
  const unused = rightsOf(rolesOf(rendered)).filter((right) => !requests.some((request) => isUsedBy(right, request)));
  return unused.map(rightText).filter((text) => !Object.hasOwn(SELDOM_USED, text));
}

/** Rows of the table in docs/installation.md: group, resources, verbs, names, why. */
function documentedRights(): readonly string[] {
  const [, section = ''] = readFileSync('docs/installation.md', 'utf8').split('\n## Rights\n');
  const [table = ''] = section.split('\n## ');
  const words = (cell: string | undefined): readonly string[] =>
    [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
  const rights = table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .flatMap((line) => {
      const [, group, resources, verbs, names] = line.split('|');
      return words(resources).flatMap((resource) =>
        words(verbs).map((verb) => rightText({ verb, group: words(group)[0] ?? '', resource, names: words(names) })),
      );
    });
  return [...new Set(rights)].sort();
}

describe('the table of rights in the documentation', () => {
  it('names what the chart gives', async () => {
    expect(documentedRights()).toEqual(textsOf(await render('--set', 'extProc.mode=deployment')));
  });
});
