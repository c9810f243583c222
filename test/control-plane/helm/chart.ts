import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import { realPart } from '../../harness/kube/real-part.js';

export const CHART = 'helm/ai-gateway';
export const CRD_CHART = 'helm/ai-gateway-crds';
/** As in docs/installation.md. */
export const RELEASE = 'aieg';
export const NAMESPACE = 'envoy-ai-gateway-system';
export const ENVOY_GATEWAY_NAMESPACE = 'envoy-gateway-system';

const run = promisify(execFile);
const DEADLINE_MS = 60_000;

/** Standard output of the real helm. Throws with standard error when it fails. */
export async function helm(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(realPart('AIGW_TEST_HELM'), [...args], { timeout: DEADLINE_MS });
  return stdout;
}

/** Helm built without its release flags takes the cluster for an ancient one. */
const KUBE_VERSION = '1.36.2';

/** What a chart installs with these further flags of `helm template`. */
export const template = async (release: string, chart: string, ...flags: readonly string[]): Promise<string> =>
  await helm('template', release, chart, '--namespace', NAMESPACE, '--kube-version', KUBE_VERSION, ...flags);

export const render = async (...flags: readonly string[]): Promise<string> => await template(RELEASE, CHART, ...flags);

export const objectsOf = (rendered: string): readonly KubeObject[] =>
  parseAllDocuments(rendered).flatMap((document) => {
    const object = document.toJS() as KubeObject | null;
    return object === null ? [] : [object];
  });

interface Deployment extends KubeObject {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly ContainerSpec[] } } };
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

/** The container of the controller. */
export function controllerContainer(rendered: string): ContainerSpec {
  const deployment = objectsOf(rendered).find((object): object is Deployment => object.kind === 'Deployment');
  const [container] = deployment?.spec.template.spec.containers ?? [];
  if (!container) throw new Error(`no Deployment with a container was rendered:\n${rendered}`);
  return container;
}
