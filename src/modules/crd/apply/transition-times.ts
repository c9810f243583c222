import type { Condition, ConditionState } from '../../../shared/api/conditions.js';

/**
 * The states as conditions: one whose status is as before keeps its time. Equal to `previous` in every member when
 * nothing changed, so that nothing needs to be written.
 */
export function withTransitionTimes(
  states: readonly ConditionState[],
  previous: readonly Condition[],
  now: Date,
): readonly Condition[] {
  return states.map((state) => {
    const before = previous.find(({ type, status }) => type === state.type && status === state.status);
    return { ...state, lastTransitionTime: before?.lastTransitionTime ?? rfc3339(now) };
  });
}

/** `metav1.Time` has no fractions of a second. */
const rfc3339 = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');
