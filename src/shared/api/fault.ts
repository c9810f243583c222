import type { ObjectKey } from './kube-object.js';

/**
 * What is wrong with one place of one object. Faults are data: the rest of the object and all its neighbours go on.
 * `message` names what was found, what is expected and what to do; it never holds a secret.
 */
export interface Fault {
  readonly object: ObjectKey;
  /** Where in the object, e.g. `spec.rules[0].backendRefs[1].name`; empty for the object as a whole. */
  readonly path: string;
  /** CamelCase, in the vocabulary of Gateway API conditions, e.g. `BackendNotFound`, `RefNotPermitted`. */
  readonly reason: string;
  readonly message: string;
  /** What the object refers to and is not there. */
  readonly missing?: ObjectKey;
  /** `warning`: everything serves, but not as somebody may expect. */
  readonly severity: 'error' | 'warning';
}
