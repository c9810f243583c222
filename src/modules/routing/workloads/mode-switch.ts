import type { ServiceUse } from '../../../shared/api/generated-http-route.js';
import type { Gateway } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { hasProcessor } from './roll-out.js';
import type { Proxies } from './proxies.js';
import { FORMER_CONNECTIONS_MS, proxyPods, type ServiceUses } from './service-use.js';

/** A translation that nobody can be sure of, such as of routes that Envoy Gateway takes in part only, holds nothing up longer. */
export const IN_FORCE_AFTER_MS = 60_000;

/** What has to wait while the mode of the processors is changed. */
export interface Waiting {
  /** Proxies keep the sidecars that they carry. */
  readonly holdsRollOut: boolean;
  /** The Deployment of a former mode, and what belongs to it, stays. */
  readonly keeps: (object: KubeObject) => boolean;
}

const NOTHING: Waiting = { holdsRollOut: false, keeps: () => false };

export interface ModeSwitchOptions {
  readonly extProcMode: 'sidecar' | 'deployment';
  /** Whether the last translation of a Gateway was one of the HTTPRoutes as they are now. */
  isTranslationCurrent(world: Snapshot, gateway: ObjectKey): boolean;
}

/**
 * Says what may go when processors are to run elsewhere: nothing that Envoy may still be told to use. Remembers since when the
 * HTTPRoutes tell what they do; a new leader waits anew. @see ServiceUse
 */
export class ModeSwitch {
  readonly #told = new Map<ObjectKey, { readonly use: ServiceUse; readonly sinceMs: number }>();

  constructor(private readonly options: ModeSwitchOptions) {}

  /**
   * @param sharing the Gateways whose proxies these are, `root` first
   * @param existing what was generated for `root`
   */
  waiting(
    root: ObjectKey,
    { sharing, proxies, existing }: { sharing: readonly Gateway[]; proxies: Proxies; existing: readonly KubeObject[] },
    uses: ServiceUses,
    { world, now }: { readonly world: Snapshot; readonly now: Date },
  ): Waiting {
    const isDeployed = existing.some(({ kind }) => kind === kinds.deployment.kind);
    const hasSidecars = proxies.pods.some(hasProcessor);
    const isServed = () => sharing.some((gateway) => proxyPods(world, gateway).length > 0);
    if (this.options.extProcMode === 'deployment' ? !hasSidecars : !isDeployed || !isServed()) {
      this.#told.delete(root);
      return NOTHING;
    }
    const gateways = sharing.map(keyOf);
    const wanted = this.options.extProcMode === 'deployment' ? 'used' : 'none';
    const isTold = gateways.every((gateway) => uses.told(gateway) === wanted && uses.of(gateway) === wanted);
    const ageMs = this.#ageMs(root, isTold ? wanted : 'announced', now);
    const isCurrent = isTold && gateways.every((gateway) => this.options.isTranslationCurrent(world, gateway));
    const isInForce = isTold && (isCurrent || ageMs >= IN_FORCE_AFTER_MS);
    if (wanted === 'used') return { ...NOTHING, holdsRollOut: !isInForce };
    return isInForce && ageMs >= FORMER_CONNECTIONS_MS ? NOTHING : { ...NOTHING, keeps: isOfDeployment };
  }

  forget(root: ObjectKey): void {
    this.#told.delete(root);
  }

  #ageMs(root: ObjectKey, use: ServiceUse, now: Date): number {
    const known = this.#told.get(root);
    if (known?.use === use) return now.getTime() - known.sinceMs;
    this.#told.set(root, { use, sinceMs: now.getTime() });
    return 0;
  }
}

const isOfDeployment = ({ kind }: KubeObject): boolean => kind === kinds.deployment.kind || kind === kinds.service.kind;
