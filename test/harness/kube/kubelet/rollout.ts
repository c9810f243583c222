import { createHash } from 'node:crypto';
import { isReady, type Deployment, type Pod } from './pod.js';

export const TEMPLATE_HASH_LABEL = 'pod-template-hash';

export interface Rollout {
  /** Pods to create from the current template. */
  readonly create: number;
  readonly remove: readonly string[];
  readonly status: object;
}

/** Stable name of a Pod template. */
export const templateHash = ({ spec }: Deployment): string =>
  createHash('sha256').update(JSON.stringify(spec.template)).digest('hex').slice(0, 10);

/**
 * One step of a rolling update with one Pod more than wanted at most and none less ready than wanted: what the Deployment
 * and ReplicaSet controllers do. `pods` are those of the Deployment, deleted ones included.
 */
export function planRollout(deployment: Deployment, pods: readonly Pod[]): Rollout {
  const wanted = deployment.spec.replicas ?? 1;
  const hash = templateHash(deployment);
  const living = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  const isCurrent = (pod: Pod) => pod.metadata.labels?.[TEMPLATE_HASH_LABEL] === hash;
  const current = living.filter(isCurrent);
  const old = living.filter((pod) => !isCurrent(pod));
  const ready = living.filter(isReady).length;

  const most = wanted + (old.length > 0 ? 1 : 0);
  const create = Math.max(0, Math.min(wanted - current.length, most - living.length));
  // What does not serve is not missed; of the others as many as there are ready ones to spare.
  const unready = old.filter((pod) => !isReady(pod));
  const spare = old.filter(isReady).slice(0, Math.max(0, ready - wanted));
  const surplus = current.slice(wanted);
  return {
    create,
    remove: [...unready, ...spare, ...surplus].map((pod) => pod.metadata.name),
    status: statusOf(deployment, { replicas: living.length, updated: current.length, ready }),
  };
}

const statusOf = (
  { metadata, spec: { replicas: wanted = 1 } }: Deployment,
  { replicas, updated, ready }: { replicas: number; updated: number; ready: number },
) => ({
  observedGeneration: metadata.generation,
  replicas,
  updatedReplicas: updated,
  readyReplicas: ready,
  availableReplicas: ready,
  unavailableReplicas: Math.max(0, wanted - ready),
  conditions: [
    {
      type: 'Available',
      status: ready >= wanted ? 'True' : 'False',
      reason: ready >= wanted ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    },
  ],
});
