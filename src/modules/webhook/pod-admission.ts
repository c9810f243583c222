import type { AIGatewayRoute } from '../../shared/api/ai-gateway.js';
import { kinds } from '../../shared/api/kinds.js';
import type { GroupKind, KubeObject } from '../../shared/api/kube-object.js';
import { nameOfKey, namespaceOfKey } from '../../shared/api/object-key.js';
import { snapshotOf, type Snapshot } from '../../shared/api/snapshot.js';
import { SOCKET_PATH } from '../../shared/extproc-pod/container.js';
import type { ExtProcSettings } from '../../shared/extproc-pod/inputs.js';
import { configSecretNames } from '../../shared/extproc-pod/names.js';
import { attachedRoutes, gatewayConfigOf } from '../routing/resolve/resolve-gateway.js';
import { owningGatewayOf } from '../routing/workloads/owning-gateway.js';
import type { AdmissionRequest, Verdict } from './admit/admission-review.js';
import { injectProcessor } from './admit/inject-processor.js';

/** What the cache may not know yet, asked of the API server itself. */
export interface LiveReads {
  list(type: GroupKind): Promise<readonly KubeObject[]>;
  has(type: GroupKind, namespace: string, name: string): Promise<boolean>;
}

export interface PodAdmissionOptions {
  readonly settings: ExtProcSettings;
  /** Otherwise the processor is a Deployment, and no pod is touched. */
  readonly isSidecarMode: boolean;
  readonly hasNativeSidecars: boolean;
  readonly world: () => Snapshot;
  readonly live: LiveReads;
}

const UNTOUCHED: Verdict = { allowed: true };

/**
 * What becomes of a proxy pod: it gets the External Processor when a route is attached to its Gateway and the filter config is
 * there to be mounted. Everything else passes as it is: no Envoy is ever held back for want of a route or a config, since a
 * later roll-out injects. @see spec controller.md section 11
 */
export async function admitPod(
  { object: pod, namespace: requestNamespace }: AdmissionRequest,
  options: PodAdmissionOptions,
): Promise<Verdict> {
  const key = pod && owningGatewayOf(pod);
  if (!pod || key === undefined || !options.isSidecarMode) return UNTOUCHED;
  const gateway = { namespace: namespaceOfKey(key), name: nameOfKey(key) };
  const world = options.world();
  const known = world.get(kinds.gateway, gateway.namespace, gateway.name);
  if (!(await hasRoutes(key, known, world, options.live))) return UNTOUCHED;
  // Pods of a Deployment come without a namespace of their own.
  const namespace = pod.metadata.namespace || requestNamespace || '';
  const has = (name: string) => isThere(world, options.live, namespace, name);
  const [hasBundle, hasLegacy] = await Promise.all([
    has(configSecretNames.index(gateway.namespace, gateway.name)),
    has(configSecretNames.legacy(gateway.namespace, gateway.name)),
  ]);
  if (!hasBundle && !hasLegacy) return UNTOUCHED;
  const config = known && gatewayConfigOf(known, world);
  const patch = injectProcessor(pod, {
    gateway,
    inputs: { settings: options.settings, overrides: config?.spec?.extProc?.kubernetes, needsMcp: false },
    hasBundle,
    hasLegacy,
    listenAddress: `unix://${SOCKET_PATH}`,
    hasNativeSidecars: options.hasNativeSidecars,
  });
  return { allowed: true, patch };
}

/** The cache first; a route that was made a moment ago is found by asking. */
async function hasRoutes(
  key: string,
  known: KubeObject | undefined,
  world: Snapshot,
  live: LiveReads,
): Promise<boolean> {
  const gateway = known ?? {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: kinds.gateway.kind,
    metadata: { name: nameOfKey(key), namespace: namespaceOfKey(key) },
  };
  if (attachedRoutes(gateway, world).length > 0) return true;
  const routes = await live.list(kinds.aiGatewayRoute);
  return attachedRoutes(gateway, snapshotOf(routes as readonly AIGatewayRoute[])).length > 0;
}

async function isThere(world: Snapshot, live: LiveReads, namespace: string, name: string): Promise<boolean> {
  return world.get(kinds.secret, namespace, name) !== undefined || (await live.has(kinds.secret, namespace, name));
}
