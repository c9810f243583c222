import type { Condition, ConditionedObject, ConditionState } from '../../../shared/api/conditions.js';
import type { ObjectKey } from '../../../shared/api/kube-object.js';
import { ApiError } from '../connection/api-error.js';
import type { ClusterClient } from '../connection/cluster-client.js';
import type { Origin, Store } from '../store/store.js';
import type { Timing } from '../timing.js';
import { nameOfKey } from './applier.js';
import { withTransitionTimes } from './transition-times.js';

const CONFLICTS_MAX = 5;

/** Writes `status.conditions` of objects of ours, and only what differs. */
export class StatusWriter {
  readonly #client: ClusterClient;
  readonly #store: Store;
  readonly #timing: Timing;

  constructor(parts: { readonly client: ClusterClient; readonly store: Store; readonly timing: Timing }) {
    this.#client = parts.client;
    this.#store = parts.store;
    this.#timing = parts.timing;
  }

  /**
   * The states become the whole list. True when it was written. Nothing to do for an object that is gone. The patch names
   * the version that it was computed from: what another controller said meanwhile is read again, never overwritten unseen.
   */
  async write(key: ObjectKey, states: readonly ConditionState[], origin: Origin): Promise<boolean> {
    let live: ConditionedObject | undefined = this.#store.getByKey(key);
    for (let conflicts = 0; live; conflicts++) {
      const conditions = nextConditions(states, live, this.#timing.date());
      if (!conditions) return false;
      const { resourceVersion } = live.metadata;
      try {
        const patch = { metadata: { resourceVersion }, status: { conditions } };
        const item = await this.#client.mergePatch(nameOfKey(key), patch, 'status');
        this.#store.putOwn(item, resourceVersion, { ...origin, isStatus: true });
        return true;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 404) return false;
        if (error.status !== 409 || conflicts >= CONFLICTS_MAX) throw error;
        live = (await this.#client.get(nameOfKey(key)))?.object;
      }
    }
    return false;
  }
}

/** Undefined when the object already says so. */
export function nextConditions(
  states: readonly ConditionState[],
  { status }: ConditionedObject,
  now: Date,
): readonly Condition[] | undefined {
  const previous = status?.conditions ?? [];
  const next = withTransitionTimes(states, previous, now);
  const isSame =
    next.length === previous.length && next.every((condition, i) => isSameCondition(condition, previous[i]));
  return isSame ? undefined : next;
}

const isSameCondition = (a: Condition, b: Condition | undefined): boolean =>
  b !== undefined &&
  a.type === b.type &&
  a.status === b.status &&
  a.reason === b.reason &&
  a.message === b.message &&
  a.observedGeneration === b.observedGeneration &&
  a.lastTransitionTime === b.lastTransitionTime;
