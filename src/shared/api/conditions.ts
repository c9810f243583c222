import type { KubeObject } from './kube-object.js';

/** One entry of `status.conditions`, `metav1.Condition`. @see spec api.md sections 2 and 9 */
export interface Condition extends ConditionState {
  /** RFC 3339, UTC: when `status` last changed. */
  readonly lastTransitionTime: string;
}

/** What a condition says, without the time since when; a function of the world alone. */
export interface ConditionState {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** CamelCase. */
  readonly reason: string;
  /** At most {@link CONDITION_MESSAGE_LENGTH_MAX} characters. */
  readonly message: string;
  /** `metadata.generation` that was looked at; absent for objects that have none, such as those from files. */
  readonly observedGeneration?: number;
}

/** Limit of `metav1.Condition.message`. */
export const CONDITION_MESSAGE_LENGTH_MAX = 32_768;

/** An object whose status is a list of conditions. */
export interface ConditionedObject extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}
