import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import type { KubeApi } from './api.js';
import { realPart } from './real-part.js';

const run = promisify(execFile);
const CHART = 'helm/ai-gateway';
const DEADLINE_MS = 60_000;
/** Helm asks no cluster here. */
const KUBE_VERSION = '1.36.0';

export const RELEASE_NAMESPACE = 'envoy-ai-gateway-system';
/** Name of the chart's Deployment, Service and ServiceAccount. */
export const CONTROLLER = 'ai-gateway-controller';

export interface Release {
  /** All objects but the Deployment, which nobody would run. */
  readonly objects: readonly KubeObject[];
  /** Arguments of the controller's container, its mode first. */
  readonly args: readonly string[];
}

interface Deployment extends KubeObject {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } };
  };
}

/** The chart as Helm renders it with some values (`a.b=c`). */
export async function renderRelease(values: readonly string[] = []): Promise<Release> {
  const flags = ['template', 'ai-gateway', CHART, '--namespace', RELEASE_NAMESPACE, '--kube-version', KUBE_VERSION];
  const sets = values.flatMap((value) => ['--set', value]);
  const { stdout } = await run(realPart('AIGW_TEST_HELM'), [...flags, ...sets], { timeout: DEADLINE_MS });
  const rendered = parseAllDocuments(stdout).flatMap((document) => (document.toJS() as KubeObject | null) ?? []);
  const deployment = rendered.find((object): object is Deployment => object.kind === 'Deployment');
  if (!deployment) throw new Error(`${CHART} renders no Deployment`);
  const [container] = deployment.spec.template.spec.containers;
  return { objects: rendered.filter((object) => object !== deployment), args: container?.args ?? [] };
}

/** Applies what the chart renders. */
export async function installRelease(api: KubeApi, { objects }: Release): Promise<void> {
  await api.ensureNamespace(RELEASE_NAMESPACE);
  for (const object of objects) await api.apply(object, 'helm');
}
