import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { promisify } from 'node:util';
import { installCrdsFrom } from '../../harness/kube/install-crds.js';
import { KubeCluster } from '../../harness/kube/kube-cluster.js';
import { realPart } from '../../harness/kube/real-part.js';
import { TemporaryDirectory } from '../../harness/temporary-directory.js';
import { ENVOY_GATEWAY_NAMESPACE, NAMESPACE } from './chart.js';
import { route } from './rights-world.js';

const run = promisify(execFile);
const document = readFileSync('docs/installation.md', 'utf8');

/** What needs running pods, Envoy Gateway, or the network. */
const NOT_HERE = /^(kubectl (wait|logs)|kubectl -n \S+ (rollout|logs|port-forward)|curl|docker|helm .*oci:)/;

/** Code blocks of one language in a section, without commands that cannot work here. */
function blocks(heading: string, language: string): readonly string[] {
  const [, section = ''] = document.split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return [...own.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text = '']) =>
    name === language ? [text] : [],
  );
}

const commands = (block: string): string =>
  block
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => !NOT_HERE.test(line))
    .join('\n');

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
    const text = commands(block ?? '').replaceAll('-f values.yaml', `-f ${directory.file('values.yaml')}`);
    const programs = ['AIGW_TEST_HELM', 'AIGW_TEST_KUBECTL'] as const;
    const PATH = [...programs.map((name) => dirname(realPart(name))), process.env['PATH']].join(delimiter);
    const env = { ...process.env, PATH, KUBECONFIG: cluster.kubeconfig };
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', text], { env, timeout: 60_000 });
    return stdout;
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

  it('frees objects that the reference holds', async () => {
    const file = directory.file('held.yaml');
    writeFileSync(file, route('default', 'held', 'model'));
    await cluster.kubectl.applyFile(file);
    await cluster.kubectl.run('delete', '-f', file, '--wait=false');
    const ref = {
      apiVersion: 'aigateway.envoyproxy.io/v1beta1',
      kind: 'AIGatewayRoute',
      namespace: 'default',
      name: 'held',
    };
    expect((await cluster.api.get(ref))?.metadata.deletionTimestamp).toBeDefined();
    await follow(blocks('Uninstalling', 'sh')[1]);
    await cluster.api.isGone(ref);
  });

  it('installs without Helm in the cluster', async () => {
    const [, piped = ''] = /`(helm template [\s\S]*?apply --server-side -f -)`/.exec(document) ?? [];
    await cluster.api.ensureNamespace(NAMESPACE);
    const applied = await follow(
      piped.replaceAll('\n', ' ').replace('helm template', 'helm template --kube-version 1.36'),
    );
    expect(applied).toContain('deployment.apps/ai-gateway-controller serverside-applied');
  });
});
