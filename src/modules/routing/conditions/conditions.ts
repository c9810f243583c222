import { CONDITION_MESSAGE_LENGTH_MAX, type ConditionState } from '../../../shared/api/conditions.js';
import type { Fault } from '../../../shared/api/fault.js';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import type { AIServiceBackend } from '../../../shared/api/ai-gateway.js';
import { SERVED_ENDPOINTS, servedText } from '../../../shared/served-endpoints.js';
import { faultSort } from '../resolve/fault-reasons.js';

/** A status that lists more is read by nobody; the rest is counted. */
const FAULTS_SHOWN_MAX = 10;

/** The conditions of each of the objects, from the faults of all of them. */
export function conditionsOf(
  objects: readonly KubeObject[],
  faults: readonly Fault[],
): ReadonlyMap<ObjectKey, readonly ConditionState[]> {
  const byObject = new Map<ObjectKey, Fault[]>();
  for (const fault of faults) {
    const own = byObject.get(fault.object);
    if (own) own.push(fault);
    else byObject.set(fault.object, [fault]);
  }
  return new Map(
    objects.map((object) => [keyOf(object), conditionsOfObject(object, byObject.get(keyOf(object)) ?? [])]),
  );
}

/**
 * `ResolvedRefs` comes first: printed tables show the type
 * of the last condition, `Accepted` or `NotAccepted`. An object with an error is not accepted, though all of it that is
 * sound serves. @see spec api.md sections 9 and 13 (row 7)
 */
function conditionsOfObject(object: KubeObject, own: readonly Fault[]): readonly ConditionState[] {
  const errors = own.filter((fault) => fault.severity === 'error');
  const unresolved = errors.filter(({ reason }) => faultSort(reason) !== 'content');
  const { generation } = object.metadata;
  const state = (type: string, status: 'True' | 'False', reason: string, message: string): ConditionState => ({
    type,
    status,
    reason,
    message: message.slice(0, CONDITION_MESSAGE_LENGTH_MAX),
    ...(generation !== undefined && { observedGeneration: generation }),
  });
  const [firstUnresolved] = unresolved;
  const resolvedRefs = firstUnresolved
    ? state('ResolvedRefs', 'False', firstUnresolved.reason, listed(unresolved))
    : state('ResolvedRefs', 'True', 'ResolvedRefs', 'Every reference was resolved.');
  const isGatewayConfig = object.kind === kinds.gatewayConfig.kind;
  if (errors.length > 0) {
    return [
      resolvedRefs,
      state('NotAccepted', 'False', isGatewayConfig ? 'NotAccepted' : 'ReconciliationFailed', listed(errors)),
    ];
  }
  const message = own.length === 0 ? '' : ` Warnings: ${listed(own)}`;
  return [
    resolvedRefs,
    state(
      'Accepted',
      'True',
      isGatewayConfig ? 'Accepted' : 'ReconciliationSucceeded',
      `The ${object.kind} was reconciled.${servedBy(object)}${message}`,
    ),
  ];
}

/** Requests to other endpoints are refused by such a backend, which is better known before. @see spec translators.md G10 */
function servedBy(object: KubeObject): string {
  if (object.kind !== kinds.aiServiceBackend.kind) return '';
  const schema = (object as AIServiceBackend).spec?.schema?.name;
  return schema !== undefined && Object.hasOwn(SERVED_ENDPOINTS, schema)
    ? ` Schema ${schema} serves ${servedText(schema)}.`
    : '';
}

function listed(faults: readonly Fault[]): string {
  const shown = faults
    .slice(0, FAULTS_SHOWN_MAX)
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const hidden = faults.length - shown.length;
  return [...shown, ...(hidden > 0 ? [`and ${hidden} more`] : [])].join('; ');
}
