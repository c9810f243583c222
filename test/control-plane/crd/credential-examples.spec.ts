import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseAllDocuments, stringify } from 'yaml';
import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import { installCrds } from '../../harness/kube/install-crds.js';
import { KubeCluster } from '../../harness/kube/kube-cluster.js';
import { TemporaryDirectory } from '../../harness/temporary-directory.js';

interface Example {
  readonly title: string;
  readonly objects: readonly KubeObject[];
}

/** The YAML blocks of a page with the headings above them. */
function examplesOf(page: string): readonly Example[] {
  const blocks = readFileSync(page, 'utf8').matchAll(/^### (.+)\n(?:(?!^#).*\n)*?^```yaml\n([^]*?)^```$/gm);
  return [...blocks].map(([, title = '', text = '']) => ({
    title,
    objects: parseAllDocuments(text).map((document) => document.toJS() as KubeObject),
  }));
}

const PAGE = 'docs/credentials.md';
const EXAMPLES = examplesOf(PAGE);

describe('examples of docs/credentials.md', () => {
  const directory = new TemporaryDirectory();
  let cluster: KubeCluster;
  beforeAll(async () => {
    cluster = await KubeCluster.start();
    await installCrds(cluster.api);
    await cluster.api.ensureNamespace('keys');
  }, 120_000);
  afterAll(async () => {
    await cluster.stop();
    directory.remove();
  });

  it('are found all', () => {
    expect(EXAMPLES).toHaveLength(readFileSync(PAGE, 'utf8').match(/^```yaml$/gm)?.length ?? 0);
    const types = EXAMPLES.flatMap(({ objects }) => objects).map(
      ({ spec }: KubeObject & { spec?: { type?: string } }) => spec?.type,
    );
    expect([...new Set(types.filter((type) => type !== undefined))].sort()).toEqual([
      'APIKey',
      'AWSCredentials',
      'AnthropicAPIKey',
      'AzureAPIKey',
      'AzureCredentials',
      'GCPCredentials',
    ]);
  });

  it.each(EXAMPLES)('$title is accepted', async ({ title, objects }) => {
    const file = directory.file(`${title.replaceAll(/\W+/g, '-')}.yaml`);
    writeFileSync(file, objects.map((object) => stringify(object)).join('---\n'));
    const output = await cluster.kubectl.applyFile(
      file,
      '--dry-run=server',
      '--validate=strict',
      '--warnings-as-errors',
    );
    expect(output.match(/ created \(server dry run\)$/gm)).toHaveLength(objects.length);
  });
});
