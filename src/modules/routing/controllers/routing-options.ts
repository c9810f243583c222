import type { TranslationFault } from '../../../shared/api/translation-record.js';
import type { ObjectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { ExtProcSettings } from '../../../shared/extproc-pod/inputs.js';
import type { DeploymentOptions } from '../generate/extproc-deployment.js';
import type { RoutingOptions } from '../reconcile.js';

/** What the controllers of routing take from flags. */
export interface RoutingControllerOptions extends RoutingOptions {
  /** Where Envoy Gateway runs proxies, unless they run beside their Gateways. */
  readonly envoyGatewayNamespace: string;
  readonly extProc: ExtProcSettings;
  readonly extProcMode: ExtProcMode;
  /** For mode `deployment`. */
  readonly deployment: DeploymentOptions;
  /** Also write the one Secret that releases before split configs read. */
  readonly writesLegacySecret: boolean;
  /** Routes answer 503 until each of their Gateways was seen to be finished by us. */
  readonly closesUntilHookSeen: boolean;
  /** Whether Envoy Gateway has asked any replica to finish the proxies of a Gateway. */
  isTranslationSeen(world: Snapshot, gateway: ObjectKey): boolean;
  /** Whether that happened for the HTTPRoutes as they are now; false also when nobody can tell. */
  isTranslationCurrent(world: Snapshot, gateway: ObjectKey): boolean;
  /** What could not be finished when that happened last. */
  translationFaults(world: Snapshot, gateway: ObjectKey): readonly TranslationFault[];
}

/** Whether the External Processor runs in each proxy pod or as a Deployment for each Gateway. */
export type ExtProcMode = 'sidecar' | 'deployment';
