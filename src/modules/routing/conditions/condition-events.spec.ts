import { describe, expect, it } from '@jest/globals';
import type { ConditionedObject, ConditionState } from '../../../shared/api/conditions.js';
import { conditionEvents } from './condition-events.js';

const state = (type: string, status: 'True' | 'False', reason: string = type, message = 'why'): ConditionState => ({
  type,
  status,
  reason,
  message,
});

const object = (...conditions: readonly ConditionState[]): ConditionedObject => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { name: 'llm', namespace: 'default' },
  ...(conditions.length > 0 && {
    status: { conditions: conditions.map((one) => ({ ...one, lastTransitionTime: '2026-01-01T00:00:00Z' })) },
  }),
});

const told = (before: ConditionedObject, ...states: readonly ConditionState[]) =>
  conditionEvents(before, states).map(({ type, reason, note }) => `${type} ${reason}: ${note}`);

describe('conditionEvents', () => {
  it.each<[string, ConditionedObject, readonly ConditionState[], readonly string[]]>([
    [
      'a new object is accepted',
      object(),
      [state('ResolvedRefs', 'True'), state('Accepted', 'True')],
      ['Normal Accepted: why'],
    ],
    ['a new object is not yet programmed', object(), [state('Programmed', 'False', 'Pending')], []],
    [
      'a new object has a fault',
      object(),
      [state('ResolvedRefs', 'False', 'BackendNotFound'), state('NotAccepted', 'False', 'Failed')],
      ['Warning BackendNotFound: why'],
    ],
    [
      'a new object has more faults than its references',
      object(),
      [state('ResolvedRefs', 'False', 'BackendNotFound'), state('NotAccepted', 'False', 'Failed', 'why; and more')],
      ['Warning BackendNotFound: why', 'Warning Failed: why; and more'],
    ],
    [
      'the Gateway of a route goes',
      object(state('ResolvedRefs', 'True'), state('Programmed', 'True'), state('Accepted', 'True')),
      [
        state('ResolvedRefs', 'False', 'GatewayNotFound'),
        state('Programmed', 'False', 'GatewayNotFound', 'gone'),
        state('NotAccepted', 'False', 'Failed'),
      ],
      ['Warning GatewayNotFound: why'],
    ],
    [
      'a new route names a Gateway that nobody serves',
      object(),
      [state('Programmed', 'False', 'GatewayOfAnotherController'), state('Accepted', 'True', 'Accepted', 'fine')],
      ['Warning GatewayOfAnotherController: why', 'Normal Accepted: fine'],
    ],
    [
      'backends of a new route differ in their endpoints',
      object(),
      [state('EndpointsUniform', 'False', 'EndpointsDiffer')],
      ['Warning EndpointsDiffer: why'],
    ],
    ['backends of a new route serve the same', object(), [state('EndpointsUniform', 'True')], []],
    ['nothing changes', object(state('Accepted', 'True')), [state('Accepted', 'True')], []],
    [
      'only the message changes',
      object(state('Accepted', 'True')),
      [state('Accepted', 'True', 'Accepted', 'else')],
      [],
    ],
    [
      'a route comes into force',
      object(state('Programmed', 'False', 'Pending')),
      [state('Programmed', 'True')],
      ['Normal Programmed: why'],
    ],
    [
      'a route goes out of force',
      object(state('Programmed', 'True')),
      [state('Programmed', 'False', 'NoProxies')],
      ['Warning NoProxies: why'],
    ],
    [
      'another thing is wrong',
      object(state('Programmed', 'False', 'Pending')),
      [state('Programmed', 'False', 'ProcessorMissing')],
      ['Warning ProcessorMissing: why'],
    ],
    [
      'the Gateway of a new route starts',
      object(state('Programmed', 'False', 'Pending')),
      [state('Programmed', 'False', 'NoProxies')],
      ['Normal NoProxies: why'],
    ],
    [
      'a route changed and Envoy Gateway has not followed yet',
      object(state('Programmed', 'True')),
      [state('Programmed', 'False', 'Pending')],
      [],
    ],
    [
      'the hook of a first route is about to come',
      object(state('Programmed', 'False', 'Pending')),
      [state('Programmed', 'False', 'TranslationPending')],
      [],
    ],
    [
      'references resolve again while something else is wrong',
      object(state('ResolvedRefs', 'False', 'BackendNotFound'), state('NotAccepted', 'False')),
      [state('ResolvedRefs', 'True'), state('NotAccepted', 'False')],
      ['Normal ResolvedRefs: why'],
    ],
    [
      'references resolve again and nothing else is wrong',
      object(state('ResolvedRefs', 'False', 'BackendNotFound'), state('NotAccepted', 'False')),
      [state('ResolvedRefs', 'True'), state('Accepted', 'True')],
      ['Normal Accepted: why'],
    ],
    [
      'a reference is lost of an object that was not accepted already',
      object(state('ResolvedRefs', 'True'), state('NotAccepted', 'False', 'Failed')),
      [state('ResolvedRefs', 'False', 'BackendNotFound'), state('NotAccepted', 'False', 'Failed')],
      ['Warning BackendNotFound: why'],
    ],
    [
      'an object is mended',
      object(state('NotAccepted', 'False')),
      [state('Accepted', 'True')],
      ['Normal Accepted: why'],
    ],
  ])('tells what is news when %s', (_, before, states, expected) => {
    expect(told(before, ...states)).toEqual(expected);
  });

  it('cuts a note to what an Event holds', () => {
    const [event] = conditionEvents(object(), [state('Accepted', 'True', 'Accepted', 'x'.repeat(2_000))]);
    expect(event?.note).toHaveLength(1_024);
    expect(event?.regarding).toBe('aigateway.envoyproxy.io/AIGatewayRoute/default/llm');
  });
});
