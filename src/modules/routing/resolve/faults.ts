import type { Fault } from '../../../shared/api/fault.js';
import { keyOf, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import type { FaultReason } from './fault-reasons.js';

/** `missing` is what a reference does not find. */
export const error = (
  object: KubeObject,
  path: string,
  reason: FaultReason,
  message: string,
  missing?: ObjectKey,
): Fault => ({
  object: keyOf(object),
  path,
  reason,
  message,
  ...(missing === undefined ? {} : { missing }),
  severity: 'error',
});

export const warning = (...fault: Parameters<typeof error>): Fault => ({
  ...error(...fault),
  severity: 'warning',
});

/** What a place in the world resolved to, with all that was wrong on the way. */
export interface Resolved<T> {
  readonly value?: T;
  readonly faults: readonly Fault[];
}

/** First error, or undefined when there are warnings at most. */
export const firstError = (faults: readonly Fault[]): Fault | undefined =>
  faults.find((fault) => fault.severity === 'error');

/** The faults in their order, each one once: a backend that ten rules use is reported ten times by the graph. */
export function distinctFaults(faults: Iterable<Fault>): readonly Fault[] {
  const byContent = new Map<string, Fault>();
  for (const fault of faults) {
    const content = JSON.stringify([fault.object, fault.path, fault.reason, fault.message]);
    if (!byContent.has(content)) byContent.set(content, fault);
  }
  return [...byContent.values()];
}
