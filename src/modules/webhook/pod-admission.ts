import type { GatewayConfig } from '../../shared/api/ai-gateway.js';
import { kinds } from '../../shared/api/kinds.js';
import type { GroupKind, KubeObject } from '../../shared/api/kube-object.js';
import { nameOfKey, namespaceOfKey } from '../../shared/api/object-key.js';
import { snapshotOf, type Snapshot } from '../../shared/api/snapshot.js';
import { SOCKET_PATH } from '../../shared/extproc-pod/container.js';
import type { ExtProcInputs, ExtProcSettings } from '../../shared/extproc-pod/inputs.js';
import { configSecretNames } from '../../shared/extproc-pod/names.js';
import { attachedRoutes, gatewayConfigKeyOf } from '../routing/resolve/resolve-gateway.js';
import { owningClassOf, owningGatewayOf } from '../routing/workloads/owning-gateway.js';
import { gatewaysOfClass } from '../routing/workloads/sharing.js';
import type { AdmissionRequest, Verdict } from './admit/admission-review.js';
import { injectProcessor } from './admit/inject-processor.js';

/** What the cache may not know yet, asked of the API server itself. */
export interface LiveReads {
  list(type: GroupKind): Promise<readonly KubeObject[]>;
  /** Undefined when there is none. */
  get(type: GroupKind, namespace: string, name: string): Promise<KubeObject | undefined>;
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
  if (!pod || !options.isSidecarMode) return UNTOUCHED;
  const world = options.world();
  const gateways = gatewaysOfPod(pod, world);
  const [gateway] = gateways;
  if (!gateway || !(await hasRoutes(gateways, world, options.live))) return UNTOUCHED;
  const read = (type: GroupKind, inNamespace: string, name: string) =>
    readThrough(world, options.live, type, inNamespace, name);
  // Pods of a Deployment come without a namespace of their own.
  const namespace = pod.metadata.namespace || requestNamespace || '';
  const [bundle, legacy] = await Promise.all([
    read(kinds.secret, namespace, configSecretNames.index(gateway.namespace, gateway.name)),
    read(kinds.secret, namespace, configSecretNames.legacy(gateway.namespace, gateway.name)),
  ]);
  if (!bundle && !legacy) return UNTOUCHED;
  const overrides = await overridesOf(await read(kinds.gateway, gateway.namespace, gateway.name), read);
  const patch = injectProcessor(pod, {
    gateway,
    inputs: {
      settings: options.settings,
      overrides,
      needsMcp: false,
      ...(owningClassOf(pod) !== undefined && { sharedConfigOf: `${gateway.namespace}/${gateway.name}` }),
    },
    hasBundle: bundle !== undefined,
    hasLegacy: legacy !== undefined,
    listenAddress: `unix://${SOCKET_PATH}`,
    hasNativeSidecars: options.hasNativeSidecars,
  });
  return { allowed: true, patch };
}

type Read = (type: GroupKind, namespace: string, name: string) => Promise<KubeObject | undefined>;

/** The cache first; what was made a moment ago is found by asking. */
async function readThrough(
  world: Snapshot,
  live: LiveReads,
  ...[type, namespace, name]: Parameters<Read>
): Promise<KubeObject | undefined> {
  return world.get(type, namespace, name) ?? (await live.get(type, namespace, name));
}

/** Without Gateway or GatewayConfig the flags decide alone. */
async function overridesOf(gateway: KubeObject | undefined, read: Read): Promise<ExtProcInputs['overrides']> {
  const key = gateway && gatewayConfigKeyOf(gateway);
  if (key === undefined) return undefined;
  const config = (await read(kinds.gatewayConfig, namespaceOfKey(key), nameOfKey(key))) as GatewayConfig | undefined;
  return config?.spec?.extProc?.kubernetes;
}

interface GatewayName {
  readonly namespace: string;
  readonly name: string;
}

/** The Gateways that the proxy serves; of those of a class the first one has the filter config of all. */
function gatewaysOfPod(pod: KubeObject, world: Snapshot): readonly GatewayName[] {
  const key = owningGatewayOf(pod);
  if (key !== undefined) return [{ namespace: namespaceOfKey(key), name: nameOfKey(key) }];
  const className = owningClassOf(pod);
  if (className === undefined) return [];
  return gatewaysOfClass(world, className).map(({ metadata: { namespace = '', name } }) => ({ namespace, name }));
}

async function hasRoutes(gateways: readonly GatewayName[], world: Snapshot, live: LiveReads): Promise<boolean> {
  const objects = gateways.map((metadata) => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: kinds.gateway.kind,
    metadata,
  }));
  const isAttached = (routes: Snapshot) => objects.some((gateway) => attachedRoutes(gateway, routes).length > 0);
  return isAttached(world) || isAttached(snapshotOf(await live.list(kinds.aiGatewayRoute)));
}
