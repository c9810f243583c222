import type { ConditionedObject, ConditionState } from '../../../shared/api/conditions.js';
import type { ObjectKey } from '../../../shared/api/kube-object.js';
import { nameOfKey, namespaceOfKey } from '../../../shared/api/object-key.js';
import type { OversizedRoute } from '../generate/oversized-routes.js';
import { BUNDLE_BYTES_MAX } from '../../../shared/filter-config/bundle.js';

const REASON = 'FilterConfigTooLarge';

/**
 * `Programmed` of a route that makes the filter config of a Gateway too large. Sizes are rounded, so that not each change of a
 * neighbour is a change of the status. @see spec controller.md section 19 (row 8)
 */
export function oversizedCondition(
  { metadata: { generation } }: ConditionedObject,
  { gateway, bytes, isLeftOut }: Omit<OversizedRoute, 'route'> & { readonly gateway: ObjectKey },
): ConditionState {
  const name = `Gateway ${namespaceOfKey(gateway)}/${nameOfKey(gateway)}`;
  return {
    type: 'Programmed',
    status: 'False',
    reason: REASON,
    message:
      `${name}: the filter configuration of its routes is larger than the ${mebibytes(BUNDLE_BYTES_MAX)} that can be stored, and ` +
      `${isLeftOut ? 'is in force without this route' : 'the former one stays in force'}. This route takes ${mebibytes(bytes)} of it: move the route, or a part of it, to another Gateway`,
    ...(generation !== undefined && { observedGeneration: generation }),
  };
}

/** What the route says of this already; it stays until the Gateway has been looked at. */
export function formerOversizedCondition({ status }: ConditionedObject): ConditionState | undefined {
  const former = status?.conditions?.find(({ type, reason }) => type === 'Programmed' && reason === REASON);
  if (!former) return undefined;
  const { lastTransitionTime: _, ...state } = former;
  return state;
}

const mebibytes = (bytes: number): string => `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
