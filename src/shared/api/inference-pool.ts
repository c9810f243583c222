import type { Condition } from './conditions.js';
import type { KubeObject } from './kube-object.js';

/** `inference.networking.k8s.io/v1`, as far as it is read and written. @see spec controller.md section 16 */
export interface InferencePool extends KubeObject {
  readonly kind: 'InferencePool';
  readonly spec?: {
    readonly endpointPickerRef?: {
      readonly group?: string;
      /** Default `Service`. */
      readonly kind?: string;
      readonly name: string;
      readonly port?: { readonly number: number };
    };
  };
  readonly status?: { readonly parents?: readonly InferencePoolParent[] };
}

export interface InferencePoolParent {
  readonly parentRef: {
    readonly group?: string;
    readonly kind?: string;
    readonly name: string;
    readonly namespace?: string;
  };
  readonly conditions?: readonly Condition[];
}
