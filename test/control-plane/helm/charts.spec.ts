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

describe('the charts', () => {
  let cluster: KubeCluster;
  const directory = new TemporaryDirectory();

  beforeAll(async () => {
    cluster = await KubeCluster.start();
    await installCrds(cluster.api);
    await installCrdsFrom(cluster.api, join(import.meta.dirname, 'cert-manager-crds'));
    for (const name of [NAMESPACE, ENVOY_GATEWAY_NAMESPACE, 'team-a', 'team-b'])
      await cluster.api.ensureNamespace(name);
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
  ])('refuse %s', async (values, message) => {
    await expect(render('--set', values)).rejects.toThrow(message);
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
