import type { BackendSecurityPolicy } from '../../shared/api/ai-gateway.js';
import type { ConditionedObject, ConditionState } from '../../shared/api/conditions.js';
import type { Fault } from '../../shared/api/fault.js';
import { keyOf } from '../../shared/api/kube-object.js';
import type { Desired, ObjectEvent } from '../crd/controller.js';
import { conditionEvents } from '../routing/conditions/condition-events.js';
import { conditionsOf } from '../routing/conditions/conditions.js';
import { distinctFaults, error } from '../routing/resolve/faults.js';
import type { ExchangeFailure } from './exchange-failure.js';
import { rfc3339 } from './generated-secret.js';
import {
  endMs,
  isOfOtherInputs,
  isServing,
  renewalMs,
  waitAfterAttempt,
  type Gathered,
  type KeptToken,
  type LastAttempt,
  type RotationPlan,
} from './policy/plan-rotation.js';
import type { Jitter } from './policy/rotation-times.js';
import {
  codeText,
  missingTokenText,
  rotatedCondition,
  rotationReasons,
  type FailureFacts,
  type RotationFacts,
} from './policy/rotation-status.js';

const NOTE_LENGTH_MAX = 1_024;

interface Rotation {
  readonly gathered: Gathered;
  readonly kept: KeptToken | undefined;
  /** Whether this process got the token. */
  readonly isOwn: boolean;
  readonly plan: RotationPlan;
  readonly lastAttempt: (LastAttempt & { readonly failure: ExchangeFailure | undefined }) | undefined;
  readonly jitter: Jitter;
  readonly now: Date;
}

/** What is to be told of a rotation. It stays the same until something happens, so that no status is rewritten for nothing. */
export function rotationFacts(rotation: Rotation): RotationFacts {
  const { gathered, kept, isOwn, plan, jitter, now } = rotation;
  const end = instant(endMs(kept));
  const serves = isServing(kept, now)
    ? {
        until: end,
        renewedAt: instant(renewalMs(kept, jitter)),
        isBeingRenewed: plan.sort === 'due' || (plan.sort === 'not-due' && plan.isRetry),
        isOutdated: gathered.sort === 'ready' && isOfOtherInputs(kept, gathered.digest),
        isOwn,
      }
    : undefined;
  return {
    serves,
    endedAt: serves ? undefined : end,
    failure: failureFacts(rotation),
    blocked: gathered.sort === 'blocked' ? gathered.faults : [],
  };
}

function failureFacts({ gathered, kept, plan, lastAttempt, jitter }: Rotation): FailureFacts | undefined {
  const isPast = plan.sort === 'not-due' && !plan.isRetry;
  if (gathered.sort !== 'ready' || !lastAttempt?.failure || lastAttempt.digest !== gathered.digest || isPast)
    return undefined;
  const { step, code, message, hint } = lastAttempt.failure;
  const nextAtMs = lastAttempt.endedAt.getTime() + waitAfterAttempt(lastAttempt, gathered.digest, kept, jitter);
  return { step, code, message, hint, at: rfc3339(lastAttempt.endedAt), nextAt: rfc3339(new Date(nextAtMs)) };
}

const instant = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : rfc3339(new Date(ms)));

/**
 * Conditions `ResolvedRefs`, `Rotated` and, last, `Accepted` or `NotAccepted`, with the Events that they are worth.
 *
 * @param faults of the policy as routing sees it
 * @param facts undefined for a policy of which nothing has to be exchanged
 */
export function statusOf(
  policy: BackendSecurityPolicy,
  faults: readonly Fault[],
  facts: RotationFacts | undefined,
): Pick<Desired, 'conditions' | 'events'> {
  const key = keyOf(policy);
  const of = (own: readonly Fault[]) => conditionsOf([policy], distinctFaults(own)).get(key) ?? [];
  if (!facts) {
    const states = of(faults);
    return { conditions: new Map([[key, states]]), events: conditionEvents(policy, states) };
  }
  // Of a token that is not there this module knows more.
  const others = faults.filter(({ reason }) => reason !== 'TokenNotExchanged');
  const missing = facts.serves ? [] : [error(policy, '', 'TokenNotExchanged', missingTokenText(facts))];
  const [resolvedRefs] = of([...others, ...facts.blocked]);
  // As long as a token serves, what keeps the next one from being got is worth a warning.
  const blocked = facts.blocked.map((fault): Fault => (facts.serves ? { ...fault, severity: 'warning' } : fault));
  const accepted = of([...others, ...blocked, ...missing]).at(-1);
  const rotated = rotatedCondition(facts, policy.metadata.generation);
  const isPending = rotated.reason === rotationReasons.pending && !facts.serves;
  const general = [resolvedRefs, accepted].filter((state) => state !== undefined);
  const worth = isPending ? general.filter(({ type }) => type !== 'NotAccepted') : general;
  return {
    conditions: new Map([[key, [resolvedRefs, rotated, accepted].filter((state) => state !== undefined)]]),
    events: [...conditionEvents(policy, worth), ...rotationEvents(policy, rotated, facts)],
  };
}

/** A new token, a failure of another sort, and that there can be no attempt. */
function rotationEvents(
  policy: BackendSecurityPolicy,
  rotated: ConditionState,
  { failure, serves }: RotationFacts,
): readonly ObjectEvent[] {
  const previous = (policy as ConditionedObject).status?.conditions?.find(({ type }) => type === 'Rotated');
  const isKnown =
    previous?.reason === rotated.reason &&
    (failure ? previous.message.includes(codeText(failure)) : previous.message === rotated.message);
  // A token that another process got is no news, nor is one that is about to be replaced.
  const isOld = rotated.status === 'True' && (serves?.isOwn !== true || serves.isBeingRenewed);
  if (isKnown || isOld || rotated.status === 'Unknown') return [];
  return [
    {
      regarding: keyOf(policy),
      type: rotated.status === 'True' ? 'Normal' : 'Warning',
      reason: rotated.reason,
      action: 'Rotate',
      note: rotated.message.slice(0, NOTE_LENGTH_MAX),
    },
  ];
}
