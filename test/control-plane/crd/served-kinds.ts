import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import type { KubeApi } from '../../harness/kube/api.js';
import { installCrdsFrom } from '../../harness/kube/install-crds.js';
import { KubeCluster } from '../../harness/kube/kube-cluster.js';
import { KubeApiError } from '../../harness/kube/kube-transport.js';

export const GROUP = 'aigateway.envoyproxy.io';
export const CRD_DIRECTORY = 'helm/ai-gateway-crds/templates';

export interface ServedKind {
  readonly plural: string;
  /** The last one is stored. */
  readonly versions: readonly [string, ...string[]];
}

const BOTH = ['v1alpha1', 'v1beta1'] as const;

/** @see spec api.md section 1 */
export const SERVED_KINDS = {
  AIGatewayRoute: { plural: 'aigatewayroutes', versions: BOTH },
  AIServiceBackend: { plural: 'aiservicebackends', versions: BOTH },
  BackendSecurityPolicy: { plural: 'backendsecuritypolicies', versions: BOTH },
  GatewayConfig: { plural: 'gatewayconfigs', versions: BOTH },
  MCPRoute: { plural: 'mcproutes', versions: BOTH },
  QuotaPolicy: { plural: 'quotapolicies', versions: ['v1alpha1'] },
} as const satisfies Readonly<Record<string, ServedKind>>;
export type Kind = keyof typeof SERVED_KINDS;

export const KIND_NAMES = Object.keys(SERVED_KINDS) as readonly Kind[];

export const versionsOf = (kind: Kind): readonly string[] => SERVED_KINDS[kind].versions;
export const crdName = (kind: Kind): string => `${SERVED_KINDS[kind].plural}.${GROUP}`;

/** An object of ours with whatever a test writes into it. */
export interface CustomObject extends KubeObject {
  readonly spec?: unknown;
  readonly status?: unknown;
}

export const customObject = (kind: Kind, version: string, name: string, spec?: unknown): CustomObject => ({
  apiVersion: `${GROUP}/${version}`,
  kind,
  metadata: { namespace: 'default', name },
  ...(spec === undefined ? {} : { spec }),
});

/** A cluster with the CRDs of this project and no others. */
export async function startWithOurCrds(): Promise<KubeCluster> {
  const cluster = await KubeCluster.start();
  await installCrdsFrom(cluster.api, CRD_DIRECTORY);
  return cluster;
}

/** What the server would store, or how it refuses; nothing is stored. */
export async function tryCreate(api: KubeApi, kind: Kind, version: string, spec: unknown): Promise<CustomObject> {
  const { plural } = SERVED_KINDS[kind];
  return await api.transport.json<CustomObject>(`/apis/${GROUP}/${version}/namespaces/default/${plural}?dryRun=All`, {
    method: 'POST',
    body: customObject(kind, version, 'tried', spec),
  });
}

/** Why the server refused. Throws when it did not. */
export async function refusal(request: Promise<CustomObject>): Promise<KubeApiError> {
  const outcome = await request.catch((error: unknown) => error);
  if (outcome instanceof KubeApiError) return outcome;
  throw new Error(`expected a refusal, got ${JSON.stringify(outcome)}`, { cause: outcome });
}
