import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { checkGolden, goldenCases } from '../../harness/golden.js';
import { installCrds, installCrdsFrom } from '../../harness/kube/install-crds.js';
import { KubeCluster } from '../../harness/kube/kube-cluster.js';
import { TemporaryDirectory } from '../../harness/temporary-directory.js';
import { parseControllerSettings } from '../../../src/platform/config/controller-settings.js';
import {
  CHART,
  controllerContainer,
  CRD_CHART,
  ENVOY_GATEWAY_NAMESPACE,
  helm,
  NAMESPACE,
  objectsOf,
  RELEASE,
  render,
  template,
} from './chart.js';

const CASES = goldenCases(join(import.meta.dirname, 'testdata'));
const CLUSTER_SCOPED_KINDS = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
]);

/** Values that ask for more: the network of the node, and security contexts of one's own. */
const UNRESTRICTED = new Set(['no-service-account', 'remaining-values']);
const RESTRICTED_NAMESPACE = 'restricted';

interface PodTemplate {
  readonly metadata: object;
  readonly spec: object;
}

/** Dotted paths of all that is no map, or an empty one. */
function leavesOf(value: unknown, path: readonly string[] = []): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path.join('.')];
  const entries = Object.entries(value);
  return entries.length === 0 ? [path.join('.')] : entries.flatMap(([name, one]) => leavesOf(one, [...path, name]));
}

describe('the charts', () => {
  let cluster: KubeCluster;
  const directory = new TemporaryDirectory();

  beforeAll(async () => {
    cluster = await KubeCluster.start();
    await installCrds(cluster.api);
    await installCrdsFrom(cluster.api, join(import.meta.dirname, 'cert-manager-crds'));
    for (const name of [NAMESPACE, ENVOY_GATEWAY_NAMESPACE, 'team-a', 'team-b'])
      await cluster.api.ensureNamespace(name);
    await cluster.api.ensureNamespace(RESTRICTED_NAMESPACE);
    const enforced = 'pod-security.kubernetes.io/enforce=restricted';
    await cluster.kubectl.run('label', 'namespace', RESTRICTED_NAMESPACE, enforced);
  }, 120_000);

  afterAll(async () => {
    await cluster.stop();
    directory.remove();
  });

  it.each([CHART, CRD_CHART])('pass the strict lint of Helm when it is %s', async (chart) => {
    expect(await helm('lint', '--strict', chart)).toContain('1 chart(s) linted, 0 chart(s) failed');
  });

  it('install CRDs that the API server takes', async () => {
    const file = directory.file('crds.yaml');
    writeFileSync(file, await template('aieg-crd', CRD_CHART));
    const applied = await cluster.kubectl.applyFile(file, '--server-side', '--force-conflicts');
    expect(applied.match(/^customresourcedefinition\S+ serverside-applied$/gm)).toHaveLength(6);
  });

  it.each(CASES)('render the golden objects when the values are $name', async ({ inputPath, outputPath }) => {
    const rendered = await render('--values', inputPath);
    checkGolden(outputPath('yaml'), rendered);
    expect(objectsOf(rendered)).not.toEqual([]);
  });

  it.each(CASES)('are taken by the API server when the values are $name', async ({ outputPath }) => {
    const file = outputPath('yaml');
    const objects = objectsOf(readFileSync(file, 'utf8'));
    const applied = await cluster.kubectl.applyFile(file, '--server-side');
    expect(applied.match(/serverside-applied$/gm)).toHaveLength(objects.length);
    for (const { kind, metadata } of objects)
      expect([kind, metadata.namespace !== undefined]).toEqual([kind, !CLUSTER_SCOPED_KINDS.has(kind)]);
    await cluster.kubectl.run('delete', '-f', file, '--wait=true');
  });

  it('have a golden render with another value for each of their values', () => {
    const shown = new Set(CASES.flatMap(({ inputText }) => leavesOf(parse(inputText))));
    const isShown = (leaf: string) =>
      [...shown].some((one) => one === leaf || one.startsWith(`${leaf}.`) || leaf.startsWith(`${one}.`));
    const values = leavesOf(parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')));
    expect(values).toContain('controller.mutatingWebhook.certManager.enable');
    expect(values.filter((leaf) => !isShown(leaf))).toEqual([]);
  });

  it('pass on no seed, since arguments are read by many', () => {
    const { inputText, outputPath } = CASES.find(({ name }) => name === 'remaining-values')!;
    expect(inputText).toContain('PLANTED-seed');
    expect(readFileSync(outputPath('yaml'), 'utf8')).not.toContain('PLANTED-seed');
  });

  it.each(CASES.filter(({ name }) => !UNRESTRICTED.has(name)))(
    'run a pod that Pod Security lets into restricted namespaces when the values are $name',
    async ({ outputPath }) => {
      const deployment = objectsOf(readFileSync(outputPath('yaml'), 'utf8')).find(({ kind }) => kind === 'Deployment');
      const { template } = (deployment as unknown as { spec: { template: PodTemplate } }).spec;
      const metadata = { ...template.metadata, generateName: 'controller-', namespace: RESTRICTED_NAMESPACE };
      const path = `/api/v1/namespaces/${RESTRICTED_NAMESPACE}/pods?dryRun=All`;
      const body = { ...template, apiVersion: 'v1', kind: 'Pod', metadata };
      const pod = await cluster.api.transport.json<PodTemplate>(path, { method: 'POST', body });
      expect(pod.spec).toMatchObject({ containers: [{ securityContext: { readOnlyRootFilesystem: true } }] });
    },
  );

  it.each(CASES)('give the controller arguments that it takes when the values are $name', ({ outputPath }) => {
    const [mode, ...args] = controllerContainer(readFileSync(outputPath('yaml'), 'utf8')).args;
    expect(mode).toBe('controller');
    const settings = parseControllerSettings(args, { POD_NAMESPACE: NAMESPACE });
    expect(settings.podNamespace).toBe(NAMESPACE);
  });

  it('hand every environment variable of the processor on as it was written', async () => {
    const values = { extProc: { extraEnvVars: [{ name: 'A', value: '$(POD_NAME);"quoted" <a&b>' }] } };
    const file = directory.file('values.json');
    writeFileSync(file, JSON.stringify(values));
    const [, ...args] = controllerContainer(await render('--values', file)).args;
    // As the kubelet does it: $$( is an escaped $(.
    const settings = parseControllerSettings(
      args.map((arg) => arg.replaceAll('$$(', '$(')),
      { POD_NAMESPACE: NAMESPACE },
    );
    expect(settings.extProc.extraEnvVars).toEqual(values.extProc.extraEnvVars);
    expect(args.join('\n')).not.toMatch(/(?<!\$)\$\(/);
  });

  it.each([
    ['controller.logLevl=debug', "at '/controller': additional properties 'logLevl' not allowed"],
    ['extProc.mode=daemonset', "at '/extProc/mode': value must be one of 'sidecar', 'deployment'"],
    ['controller.watch.cacheSyncTimeout=2', "at '/controller/watch/cacheSyncTimeout': got number, want string"],
    ['controller.maxRecvMsgSize=25Mi', "at '/controller/maxRecvMsgSize': '25Mi' does not match"],
    ['controller.azureAmbientNamespaces={Team}', "at '/controller/azureAmbientNamespaces/0': 'Team' does not match"],
    ['controller.volumes[0].name=a', "at '/controller/volumes/0': missing property 'mountPath'"],
    ['extProc.extraEnvVars[0].value=a', "at '/extProc/extraEnvVars/0': missing property 'name'"],
    ['controller.mutatingWebhook.port=9444', 'controller.service.ports has the ports 9443, 1063, 8080 only'],
    [
      'controller.mutatingWebhook.objectSelector=null',
      'no pod of the cluster could start while the controller is away',
    ],
    [
      'controller.service.ports[0].name=a,controller.service.ports[0].protocol=TCP,controller.service.ports[0].port=9443,controller.service.ports[0].targetPort=1',
      'targetPort 1 of controller.service.ports is not 9443',
    ],
  ])('refuse %s', async (values, message) => {
    await expect(render('--set', values)).rejects.toThrow(message);
  });

  it.each([CHART, CRD_CHART])('refuse a cluster that is too old when it is %s', async (chart) => {
    const on = (version: string) => helm('template', RELEASE, chart, '--kube-version', version);
    for (const version of ['1.27.16', 'v1.31.9-gke.1'])
      await expect(on(version)).rejects.toThrow('chart requires kubeVersion: >=1.32.0-0');
    for (const version of ['1.32.0', 'v1.32.4-gke.1353003', 'v1.33.1-eks-1234567'])
      expect(objectsOf(await on(version))).not.toEqual([]);
  });

  it('name the Service of the controller in the values of Envoy Gateway', async () => {
    const { config } = parse(readFileSync('helm/envoy-gateway-values.yaml', 'utf8')) as {
      config: { envoyGateway: { extensionManager: { service: { fqdn: { hostname: string; port: number } } } } };
    };
    const service = objectsOf(await render()).find(({ kind }) => kind === 'Service');
    expect(config.envoyGateway.extensionManager.service.fqdn).toEqual({
      hostname: `${service?.metadata.name}.${service?.metadata.namespace}.svc.cluster.local`,
      port: 1063,
    });
  });
});
