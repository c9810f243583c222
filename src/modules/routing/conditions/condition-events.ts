import type { ConditionedObject, ConditionState } from '../../../shared/api/conditions.js';
import { keyOf, type KubeObject } from '../../../shared/api/kube-object.js';
import type { ObjectEvent } from '../../crd/controller.js';

const NOTE_LENGTH_MAX = 1024;

/** What there is to tell people when the conditions of an object become these: nothing while they say what they said. */
export function conditionEvents(object: KubeObject, states: readonly ConditionState[]): readonly ObjectEvent[] {
  const previous = (object as ConditionedObject).status?.conditions ?? [];
  return states.flatMap((state) => {
    const before = previous.find(({ type }) => type === state.type);
    const isNews =
      before === undefined ? isWorthTelling(state) : before.status !== state.status || before.reason !== state.reason;
    if (!isNews) return [];
    return [
      {
        regarding: keyOf(object),
        type: state.status === 'True' ? 'Normal' : 'Warning',
        reason: state.status === 'True' ? state.type : state.reason,
        action: 'Reconcile',
        note: state.message.slice(0, NOTE_LENGTH_MAX),
      } satisfies ObjectEvent,
    ];
  });
}

/** References that resolve and parts that are not yet programmed are the normal state of a new object. */
const isWorthTelling = ({ type, status }: ConditionState): boolean =>
  type === 'Accepted' || type === 'NotAccepted' || (WORTH_WHEN_FALSE.has(type) && status === 'False');

const WORTH_WHEN_FALSE: ReadonlySet<string> = new Set(['ResolvedRefs', 'EndpointsUniform']);
