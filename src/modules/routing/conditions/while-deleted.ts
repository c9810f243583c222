import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { ConditionedObject, ConditionState } from '../../../shared/api/conditions.js';
import { keyOf, type ObjectKey } from '../../../shared/api/kube-object.js';
import { REFERENCE_FINALIZER } from '../../crd/finalizer-controller.js';

const FINALIZERS_SHOWN_MAX = 5;

/**
 * Conditions of a route that somebody's finalizer keeps while it is being deleted: it is served no more, which its last ones
 * deny. None for a route that is about to be gone.
 */
export function conditionsWhileDeleted(
  route: AIGatewayRoute | undefined,
): ReadonlyMap<ObjectKey, readonly ConditionState[]> {
  const holding = (route?.metadata.finalizers ?? []).filter((name) => name !== REFERENCE_FINALIZER);
  if (!route || holding.length === 0) return new Map();
  const { generation } = route.metadata;
  const more = holding.length > FINALIZERS_SHOWN_MAX ? ` and ${holding.length - FINALIZERS_SHOWN_MAX} more` : '';
  const names = `${holding.slice(0, FINALIZERS_SHOWN_MAX).join(', ')}${more}`;
  const programmed: ConditionState = {
    type: 'Programmed',
    status: 'False',
    reason: 'BeingDeleted',
    message: `The route is being deleted and is served no more. It is still there because of its finalizers: ${names}.`,
    ...(generation !== undefined && { observedGeneration: generation }),
  };
  const states = ((route as ConditionedObject).status?.conditions ?? []).map((condition): ConditionState => {
    const { lastTransitionTime: _, ...former } = condition;
    return former.type === programmed.type ? programmed : former;
  });
  return new Map([[keyOf(route), states]]);
}
