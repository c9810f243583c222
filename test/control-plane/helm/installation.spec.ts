import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { documentedBlocks, runCommands, runnableHere } from '../../harness/kube/documented-commands.js';
import { installCrdsFrom } from '../../harness/kube/install-crds.js';
import { KubeCluster } from '../../harness/kube/kube-cluster.js';
import { realPart } from '../../harness/kube/real-part.js';
import { TemporaryDirectory } from '../../harness/temporary-directory.js';
import { ENVOY_GATEWAY_NAMESPACE, NAMESPACE } from './chart.js';
import { usersWorld } from './rights-world.js';

const PAGE = 'docs/installation.md';
const document = readFileSync(PAGE, 'utf8');

const KINDS = [
  'aigatewayroutes',
  'aiservicebackends',
  'backendsecuritypolicies',
  'gatewayconfigs',
  'mcproutes',
  'quotapolicies',
];

const blocks = (heading: string, language: string) => documentedBlocks(PAGE, heading, language);

describe('docs/installation.md', () => {
  let cluster: KubeCluster;
  const directory = new TemporaryDirectory();

  beforeAll(async () => {
    cluster = await KubeCluster.start();
    // The step before: Envoy Gateway's chart brings these.
    await installCrdsFrom(cluster.api, realPart('AIGW_TEST_CRDS'));
    await cluster.api.ensureNamespace(ENVOY_GATEWAY_NAMESPACE);
    const [, values = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(document) ?? [];
    writeFileSync(directory.file('values.yaml'), values);
  }, 120_000);

  afterAll(async () => {
    await cluster.stop();
    directory.remove();
  });

  async function follow(block: string | undefined): Promise<string> {
    const text = runnableHere(block ?? '').replaceAll('-f values.yaml', `-f ${directory.file('values.yaml')}`);
    return await runCommands(text, cluster);
  }

  it('installs charts and example, upgrades them and removes them', async () => {
    const [, charts, example] = blocks('First installation', 'sh');
    const installed = await follow(charts);
    expect(installed.match(/^STATUS: deployed$/gm)).toHaveLength(2);
    expect(installed).toContain('while it is away, no Envoy proxy can start');
    expect(await follow(example)).toContain('aigatewayroute.aigateway.envoyproxy.io/basic created');

    const upgraded = await follow(blocks('Upgrading', 'sh')[0]);
    expect(upgraded.match(/^REVISION: 2$/gm)).toHaveLength(2);

    const removed = await follow(blocks('Uninstalling', 'sh')[0]);
    expect(removed).toContain('"basic" deleted');
    expect(removed).toContain('release "aieg" uninstalled');
    const left = await cluster.kubectl.run(
      'get',
      'all,secrets,configmaps,roles,rolebindings',
      '-n',
      NAMESPACE,
      '-o',
      'name',
    );
    // Helm's own record of the CRD chart.
    expect(left.split('\n').filter((name) => name !== '' && !name.includes('sh.helm.release.v1.aieg-crd'))).toEqual([]);
  }, 120_000);

  it('frees objects of all kinds that the reference holds', async () => {
    const file = directory.file('held.yaml');
    writeFileSync(file, usersWorld('default'));
    // Not by annotation, which would show the key in the metadata of its Secret.
    await cluster.kubectl.applyFile(file, '--server-side');
    const held = async () => {
      const texts = await Promise.all(
        KINDS.map((kind) => cluster.kubectl.run('get', kind, '-n', 'default', '-o', 'name')),
      );
      return texts.flatMap((text) => text.split('\n').filter((name) => name !== ''));
    };
    await cluster.kubectl.run('delete', KINDS.join(','), '--all', '-n', 'default', '--wait=false');
    expect(await held()).toHaveLength(KINDS.length);
    await follow(blocks('Uninstalling', 'sh')[1]);
    expect(await held()).toEqual([]);
  });

  it('installs without Helm in the cluster', async () => {
    const [, piped = ''] = /`(helm template [\s\S]*?apply --server-side -f -)`/.exec(document) ?? [];
    await cluster.api.ensureNamespace(NAMESPACE);
    const applied = await follow(piped.replaceAll('\n', ' '));
    expect(applied).toContain('deployment.apps/ai-gateway-controller serverside-applied');
  });
});
