import { CONDITION_MESSAGE_LENGTH_MAX, type ConditionState } from '../../../shared/api/conditions.js';
import type { Fault } from '../../../shared/api/fault.js';

/** What is known of the token of a policy. Instants as text, whole seconds. */
export interface RotationFacts {
  /** Undefined: there is no token that serves. */
  readonly serves: TokenFacts | undefined;
  /** When a token that is still there ended. */
  readonly endedAt: string | undefined;
  /** Why the last attempt with these inputs failed. */
  readonly failure: FailureFacts | undefined;
  /** Why there can be no attempt. */
  readonly blocked: readonly Fault[];
}

export interface TokenFacts {
  /** Undefined: nobody knows. */
  readonly until: string | undefined;
  readonly renewedAt: string | undefined;
  /** Whether that time has come: the next one is being got. */
  readonly isBeingRenewed: boolean;
  /** Whether it was got with other inputs than those of now. */
  readonly isOutdated: boolean;
  /** Whether this process got it. */
  readonly isOwn: boolean;
}

export interface FailureFacts {
  readonly step: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly at: string;
  /** When the next attempt is due; it may be under way by now. */
  readonly nextAt: string;
}

export const rotationReasons = {
  rotated: 'Rotated',
  failed: 'RotationFailed',
  blocked: 'RotationBlocked',
  pending: 'Pending',
} as const;

/** The condition `Rotated`: how the exchange of a credential for a token goes. */
export function rotatedCondition(facts: RotationFacts, generation: number | undefined): ConditionState {
  const state = (status: ConditionState['status'], reason: string, message: string): ConditionState => ({
    type: 'Rotated',
    status,
    reason,
    message: message.slice(0, CONDITION_MESSAGE_LENGTH_MAX),
    ...(generation !== undefined && { observedGeneration: generation }),
  });
  const { serves, endedAt, failure, blocked } = facts;
  const tail = serves
    ? ` The token before serves ${untilOf(serves)}.`
    : endedAt === undefined
      ? ' There is no token.'
      : ` The token before ended at ${endedAt}.`;
  if (blocked.length > 0) return state('False', rotationReasons.blocked, `${blockedText(blocked)}.${tail}`);
  if (failure) return state('False', rotationReasons.failed, `${failureText(failure)}${tail}`);
  if (!serves)
    return state('Unknown', rotationReasons.pending, `The credential is being exchanged for a token.${tail}`);
  if (serves.isOutdated) {
    const message = `The policy, or a Secret that it names, has changed: the credential is being exchanged anew.${tail}`;
    return state('Unknown', rotationReasons.pending, message);
  }
  return state('True', rotationReasons.rotated, `The token serves ${untilOf(serves)}.${renewalOf(serves)}`);
}

function renewalOf({ renewedAt, isBeingRenewed }: TokenFacts): string {
  if (isBeingRenewed) return ' It is being renewed.';
  return renewedAt === undefined ? '' : ` It is renewed at ${renewedAt}.`;
}

/** Why a policy is not accepted for want of a token. */
export function missingTokenText({ endedAt, failure, blocked }: RotationFacts): string {
  const what = endedAt === undefined ? 'there is no token yet' : `the token ended at ${endedAt}`;
  if (blocked.length > 0) return what;
  if (!failure) return `${what}: the credential is being exchanged`;
  return `${what}, and the credential could not be exchanged ${codeText(failure)}: see condition Rotated`;
}

/** How a failure shows in the message of a condition; events compare it to tell only news. */
export const codeText = ({ step, code }: Pick<FailureFacts, 'step' | 'code'>): string => `(${step}, code ${code})`;

const failureText = (failure: FailureFacts): string =>
  `The exchange at ${failure.at} failed ${codeText(failure)}: ${failure.message}. ${withStop(failure.hint)} ` +
  `The next one is due at ${failure.nextAt}.`;

const blockedText = (faults: readonly Fault[]): string =>
  `The credential cannot be exchanged: ${faults.map(({ path, message }) => `${path}: ${message}`).join('; ')}`;

const untilOf = ({ until }: TokenFacts): string => (until === undefined ? 'for an unknown time' : `until ${until}`);

const withStop = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
