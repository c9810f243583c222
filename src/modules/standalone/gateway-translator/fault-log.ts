import type { Fault } from '../../../shared/api/fault.js';
import { keyOf, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';

/** Collects what is wrong while a Gateway is translated; a fault found on several ways is kept once. */
export class FaultLog {
  readonly #faults = new Map<string, Fault>();

  /** `missing` is what a reference does not find. */
  error(object: KubeObject, path: string, reason: string, message: string, missing?: ObjectKey): void {
    const known = missing === undefined ? {} : { missing };
    this.#add({ object: keyOf(object), path, reason, message, ...known, severity: 'error' });
  }

  warning(object: KubeObject, path: string, reason: string, message: string, missing?: ObjectKey): void {
    const known = missing === undefined ? {} : { missing };
    this.#add({ object: keyOf(object), path, reason, message, ...known, severity: 'warning' });
  }

  /** Sorted by object, path, reason and message. */
  list(): readonly Fault[] {
    return [...this.#faults.keys()].sort().map((key) => this.#faults.get(key)!);
  }

  #add(fault: Fault): void {
    this.#faults.set(JSON.stringify([fault.object, fault.path, fault.reason, fault.message]), fault);
  }
}
