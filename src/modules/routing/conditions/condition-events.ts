import type { ConditionedObject, ConditionState } from '../../../shared/api/conditions.js';
import { keyOf, type KubeObject } from '../../../shared/api/kube-object.js';
import type { ObjectEvent } from '../../crd/controller.js';

const NOTE_LENGTH_MAX = 1024;

/**
 * What there is to tell people when the conditions of an object become these: nothing while they say what they said, and nothing
 * twice. What a condition says on the way to its goal is no warning.
 */
export function conditionEvents(object: KubeObject, states: readonly ConditionState[]): readonly ObjectEvent[] {
  const previous = (object as ConditionedObject).status?.conditions ?? [];
  const news = states.flatMap((state) => {
    const before = previous.find(({ type }) => type === state.type);
    return isNews(state, before) ? [{ state, type: eventTypeOf(state, before) }] : [];
  });
  return news
    .filter(({ state }, index) => !isToldBy(state, news.toSpliced(index, 1).map(told)))
    .map(({ state, type }) => ({
      regarding: keyOf(object),
      type,
      reason: state.status === 'True' ? state.type : state.reason,
      action: 'Reconcile',
      note: state.message.slice(0, NOTE_LENGTH_MAX),
    }));
}

const told = ({ state }: { readonly state: ConditionState }): ConditionState => state;

function isNews(state: ConditionState, before: ConditionState | undefined): boolean {
  if (before === undefined) return isWorthTelling(state);
  if (state.status === 'False' && UNDER_WAY.has(state.reason)) return false;
  return before.status !== state.status || before.reason !== state.reason;
}

/** References that resolve and parts that are not yet programmed are the normal state of a new object. */
const isWorthTelling = ({ type, status, reason }: ConditionState): boolean =>
  type === 'Accepted' ||
  type === 'NotAccepted' ||
  (WORTH_WHEN_FALSE.has(type) && status === 'False') ||
  (type === 'Programmed' && WORTH_AT_ONCE.has(reason));

const WORTH_WHEN_FALSE: ReadonlySet<string> = new Set(['ResolvedRefs', 'EndpointsUniform']);

/** Reasons of `Programmed` that nothing but a hand changes. */
const WORTH_AT_ONCE: ReadonlySet<string> = new Set([
  'GatewayClassNotFound',
  'GatewayOfAnotherController',
  'NotAcceptedByGateway',
]);

/** Reasons of `Programmed` after every change, for the moment that it takes Envoy Gateway to follow. */
const UNDER_WAY: ReadonlySet<string> = new Set(['Pending', 'TranslationPending']);

/** Reasons of `Programmed` that a Gateway goes through while it starts; once it serves they mean that it does no longer. */
const WHILE_STARTING: ReadonlySet<string> = new Set(['NoProxies', 'ProxiesNotReady', 'ProcessorNotReady']);

function eventTypeOf({ status, reason }: ConditionState, before: ConditionState | undefined): ObjectEvent['type'] {
  const isStarting = before !== undefined && before.status !== 'True' && WHILE_STARTING.has(reason);
  return status === 'True' || isStarting ? 'Normal' : 'Warning';
}

/**
 * Whether one of the others tells it as well: `NotAccepted` repeats a reference that is not resolved, `Programmed` a Gateway that
 * is not there, and what is accepted again has its references resolved.
 */
function isToldBy({ type, status, reason, message }: ConditionState, others: readonly ConditionState[]): boolean {
  if (type === 'ResolvedRefs') return status === 'True' && others.some((other) => other.type === 'Accepted');
  const refs = others.find((other) => other.type === 'ResolvedRefs' && other.status === 'False');
  if (type === 'NotAccepted') return refs?.message === message;
  return type === 'Programmed' && status === 'False' && refs?.reason === reason;
}
