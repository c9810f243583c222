import type { ConditionState } from '../../shared/api/conditions.js';
import { displayName, type KubeObject, type ObjectKey } from '../../shared/api/kube-object.js';
import { ApiError, isRefusal } from './connection/api-error.js';
import { nameOfKey, type Applier } from './apply/applier.js';
import type { EventRecorder } from './apply/event-recorder.js';
import { withRefusal } from './apply/refused-conditions.js';
import type { StatusWriter } from './apply/status-writer.js';
import { TerminalError } from './apply/terminal-error.js';
import type { Desired } from './controller.js';
import type { Origin } from './store/store.js';

/**
 * `refused`: the same write would be refused again; it is said in the conditions of the root. Missing rights are tried again
 * sooner: an API server that starts answers 403 until it has read its roles.
 */
export type WriteResult =
  | { readonly sort: 'done' }
  | { readonly sort: 'refused'; readonly reason: string; readonly lacksRights: boolean }
  | { readonly sort: 'failed'; readonly error: Error; readonly retryAfterMs?: number };

/** Failures in a row that nobody has to be told of: conflicts, and an API server that starts. */
const UNTOLD_FAILURES = 2;

/**
 * Writes what one reconcile wants, in this order:
 *
 *     objects, one after the other ─▶ deletes ─▶ patches ─▶ conditions ─▶ events
 *
 * so that nothing is taken away before its successor is there, and status says what was done. A failure ends it there and
 * the whole is tried again later; when an object is refused for good, or fails time after time, conditions and events follow
 * and tell why.
 */
export class DesiredWriter {
  readonly #applier: Applier;
  readonly #statusWriter: StatusWriter;
  readonly #events: EventRecorder;

  constructor(parts: {
    readonly applier: Applier;
    readonly statusWriter: StatusWriter;
    readonly events: EventRecorder;
  }) {
    this.#applier = parts.applier;
    this.#statusWriter = parts.statusWriter;
    this.#events = parts.events;
  }

  /** Never rejects. `failures`: how often in a row it has failed before. */
  async write(desired: Desired, origin: Origin, failures: number): Promise<WriteResult> {
    try {
      const problem = await this.#writeObjects(desired, origin, failures);
      await this.#writeConditions(desired, problem, origin);
      // What was not done is not told.
      for (const event of desired.events) if (!problem || event.type === 'Warning') this.#events.record(event);
      if (problem === undefined) return { sort: 'done' };
      const { reason } = problem;
      this.#events.record({
        regarding: desired.root,
        type: 'Warning',
        reason: 'ApplyFailed',
        action: 'Apply',
        note: reason,
      });
      return problem.failure ? failed(problem.failure) : { sort: 'refused', reason, lacksRights: problem.lacksRights };
    } catch (error) {
      return failed(error);
    }
  }

  /** What is to be told: something is refused for good, or failed again. Rejects with what may go better the next time. */
  async #writeObjects(desired: Desired, origin: Origin, failures: number): Promise<Problem | undefined> {
    let current: KubeObject | ObjectKey = desired.root;
    try {
      for (const object of desired.objects) await this.#applier.apply((current = object), origin);
      for (const key of desired.deletes) await this.#applier.delete((current = key));
      for (const patch of desired.patches) {
        current = patch.object;
        await this.#applier.patch(patch, origin).catch(ignoreMissing);
      }
      return undefined;
    } catch (error) {
      if (error instanceof TerminalError) return { reason: error.message, lacksRights: false };
      const what = typeof current === 'string' ? textOfKey(current) : displayName(current);
      if (isRefusal(error)) {
        const reason = `cannot write ${what}: the API server refused it: ${error.message}`;
        return { reason, lacksRights: error.status === 403 };
      }
      // Without an answer of the API server nobody could be told.
      if (failures < UNTOLD_FAILURES || !(error instanceof ApiError)) throw error;
      const reason = `cannot write ${what}, and it is tried again: ${error.message}`;
      return { reason, lacksRights: false, failure: error };
    }
  }

  async #writeConditions(desired: Desired, problem: Problem | undefined, origin: Origin): Promise<void> {
    for (const [key, states] of desired.conditions) {
      const shown: readonly ConditionState[] =
        problem !== undefined && key === desired.root ? withRefusal(states, problem.reason) : states;
      await this.#statusWriter.write(key, shown, origin);
    }
  }
}

interface Problem {
  readonly reason: string;
  readonly lacksRights: boolean;
  /** Absent: the same write would be refused again. */
  readonly failure?: ApiError;
}

function textOfKey(key: ObjectKey): string {
  const { type, namespace, name } = nameOfKey(key);
  return `${type.kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}

function failed(error: unknown): WriteResult {
  const retryAfterMs = error instanceof ApiError ? error.retryAfterMs : undefined;
  return {
    sort: 'failed',
    error: error instanceof Error ? error : new Error(String(error)),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** A pod to be annotated may end at any time. */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 404)) throw error;
}
