import { CONDITION_MESSAGE_LENGTH_MAX, type ConditionState } from '../../../shared/api/conditions.js';

/**
 * Conditions of a root whose objects the API server refused: not accepted, whatever its spec alone would make it. The other
 * conditions stay, but `Programmed`, which is of what was written before. @see spec api.md section 9
 */
export const withRefusal = (states: readonly ConditionState[], refusal: string): readonly ConditionState[] =>
  states.map((state) => {
    if (state.type === 'Programmed' && state.status === 'True')
      return { ...state, status: 'False', reason: 'ApplyFailed', message: cut(refusal) };
    if (state.type !== 'Accepted' && state.type !== 'NotAccepted') return state;
    const message = state.type === 'NotAccepted' ? `${state.message}; ${refusal}` : refusal;
    return {
      ...state,
      type: 'NotAccepted',
      status: 'False',
      reason: 'ReconciliationFailed',
      message: cut(message),
    };
  });

const cut = (message: string): string => message.slice(0, CONDITION_MESSAGE_LENGTH_MAX);
