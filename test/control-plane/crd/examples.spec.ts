import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseAllDocuments, stringify } from 'yaml';
import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import { installCrds } from '../../harness/kube/install-crds.js';
import { KubeCluster } from '../../harness/kube/kube-cluster.js';
import { TemporaryDirectory } from '../../harness/temporary-directory.js';

/** As `aigw run` does it; those without a default are ports. */
const substituted = (text: string) =>
  text.replaceAll(/\$\{[A-Z_]+(?::-([^}]*))?\}/g, (_, initial: string | undefined) => initial ?? '8080');

/** The objects of a file, but not its Secrets: their annotations fill in variables and are not for clusters. */
function objectsOf(file: string): readonly KubeObject[] {
  const documents = parseAllDocuments(substituted(readFileSync(file, 'utf8')));
  const objects = documents.map((document) => document.toJS() as KubeObject | null);
  return objects.filter((object) => object !== null).filter(({ kind }) => kind !== 'Secret');
}

describe('examples', () => {
  const directory = new TemporaryDirectory();
  let cluster: KubeCluster;
  beforeAll(async () => {
    cluster = await KubeCluster.start();
    await installCrds(cluster.api);
  }, 120_000);
  afterAll(async () => {
    await cluster.stop();
    directory.remove();
  });

  it.each(globSync('examples/**/*.yaml').sort())('%s is accepted', async (file) => {
    const objects = objectsOf(file);
    const written = directory.file(basename(file));
    writeFileSync(written, objects.map((object) => stringify(object)).join('---\n'));
    const output = await cluster.kubectl.applyFile(
      written,
      '--dry-run=server',
      '--validate=strict',
      '--warnings-as-errors',
    );
    expect(output.match(/ created \(server dry run\)$/gm)).toHaveLength(objects.length);
  });
});
