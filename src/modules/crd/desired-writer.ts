import type { ConditionState } from '../../shared/api/conditions.js';
import { displayName, type KubeObject, type ObjectKey } from '../../shared/api/kube-object.js';
import { ApiError, isRefusal } from './connection/api-error.js';
import type { Applier } from './apply/applier.js';
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

/**
 * Writes what one reconcile wants, in this order:
 *
 *     objects, one after the other ─▶ deletes ─▶ patches ─▶ conditions ─▶ events
 *
 * so that nothing is taken away before its successor is there, and status says what was done. A failure ends it there and
 * the whole is tried again later; when an object is refused for good, conditions and events follow and tell why.
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

  /** Never rejects. */
  async write(desired: Desired, origin: Origin): Promise<WriteResult> {
    try {
      const refusal = await this.#writeObjects(desired, origin);
      await this.#writeConditions(desired, refusal, origin);
      for (const event of desired.events) this.#events.record(event);
      if (refusal === undefined) return { sort: 'done' };
      this.#events.record({
        regarding: desired.root,
        type: 'Warning',
        reason: 'ApplyFailed',
        action: 'Apply',
        note: refusal.reason,
      });
      return { sort: 'refused', ...refusal };
    } catch (error) {
      const retryAfterMs = error instanceof ApiError ? error.retryAfterMs : undefined;
      return {
        sort: 'failed',
        error: error instanceof Error ? error : new Error(String(error)),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      };
    }
  }

  /** Something is refused for good. Rejects with what may go better the next time. */
  async #writeObjects(desired: Desired, origin: Origin): Promise<Refusal | undefined> {
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
      if (!isRefusal(error)) throw error;
      const what = typeof current === 'string' ? current : displayName(current);
      const reason = `cannot write ${what}: the API server refused it: ${error.message}`;
      return { reason, lacksRights: error.status === 403 };
    }
  }

  async #writeConditions(desired: Desired, refusal: Refusal | undefined, origin: Origin): Promise<void> {
    for (const [key, states] of desired.conditions) {
      const shown: readonly ConditionState[] =
        refusal !== undefined && key === desired.root ? withRefusal(states, refusal.reason) : states;
      await this.#statusWriter.write(key, shown, origin);
    }
  }
}

type Refusal = Omit<Extract<WriteResult, { readonly sort: 'refused' }>, 'sort'>;

/** A pod to be annotated may end at any time. */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 404)) throw error;
}
