import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import type { KubeApi } from './api.js';
import { realPart } from './real-part.js';

const OURS = resolve('helm/ai-gateway-crds/templates');
const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
const ESTABLISHED_MS = 60_000;

interface Crd extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Applies the CRDs of this project, the Gateway API, Envoy Gateway and the Inference Extension; returns their names. */
export async function installCrds(api: KubeApi): Promise<readonly string[]> {
  return await installCrdsFrom(api, OURS, realPart('AIGW_TEST_CRDS'));
}

/** Applies all CRDs in YAML files of some folders and waits until each is served; returns their names. */
export async function installCrdsFrom(api: KubeApi, ...folders: readonly string[]): Promise<readonly string[]> {
  const documents = folders.flatMap((folder) => yamlFiles(folder).flatMap(crdDocuments));
  await Promise.all(documents.map(async ({ name, text }) => await applyText(api, name, text)));
  await Promise.all(documents.map(async ({ name }) => await established(api, name)));
  return documents.map(({ name }) => name);
}

const yamlFiles = (folder: string) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => join(folder, file));

/** The texts go to the server as they are: parsing these megabytes here would take longer than all the rest. */
function crdDocuments(path: string): readonly { name: string; text: string }[] {
  return readFileSync(path, 'utf8')
    .split(/^---$/m)
    .filter((text) => /^kind: CustomResourceDefinition$/m.test(text))
    .map((text) => {
      // The first `name` two spaces deep below `metadata`.
      const name = /^metadata:\n(?:(?: .*|)\n)*? {2}name: (\S+)$/m.exec(text)?.[1];
      if (name === undefined) throw new Error(`${path}: a CRD without metadata.name`);
      return { name, text };
    });
}

async function applyText(api: KubeApi, name: string, text: string): Promise<void> {
  const path = `/apis/${CRD.apiVersion}/customresourcedefinitions/${name}?fieldManager=test&force=true`;
  const request = { method: 'PATCH', body: text, contentType: 'application/apply-patch+yaml' };
  await api.transport.text(path, request);
}

async function established(api: KubeApi, name: string): Promise<void> {
  await api.eventually<Crd, true>(
    { ...CRD, name },
    `CRD ${name} to be established`,
    (crd) => crd?.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false,
    ESTABLISHED_MS,
  );
}
