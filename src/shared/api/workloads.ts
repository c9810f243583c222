import type { KubeObject, ObjectMeta } from './kube-object.js';

/** The parts of core and apps kinds that the control plane reads; everything else of them is dropped at the door. */
export interface Pod extends KubeObject {
  readonly kind: 'Pod';
  readonly spec?: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      /** RFC 3339. */
      readonly lastTransitionTime?: string;
    }[];
  };
}

export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  /** Of templates; pods come without. */
  readonly volumes?: readonly { readonly name: string; readonly secret?: { readonly secretName?: string } }[];
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly args?: readonly string[];
}

export interface Deployment extends KubeObject {
  readonly kind: 'Deployment';
  readonly spec?: { readonly replicas?: number; readonly template?: PodTemplate };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
  };
}

export interface DaemonSet extends KubeObject {
  readonly kind: 'DaemonSet';
  readonly spec?: { readonly template?: PodTemplate };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly currentNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
  };
}

export interface PodTemplate {
  readonly metadata?: Partial<ObjectMeta>;
  readonly spec?: PodSpec;
}
