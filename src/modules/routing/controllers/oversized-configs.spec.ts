import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { ConditionedObject, ConditionState } from '../../../shared/api/conditions.js';
import { keyOf, groupOf, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { TEST_OPTIONS } from '../../../../test/harness/routing-options.js';
import type { Controller } from '../../crd/controller.js';
import { routingControllers } from './routing-controllers.js';

const MEBIBYTE = 1024 * 1024;
const NOW = new Date('2026-05-06T07:08:09Z');

const COMMON: readonly KubeObject[] = [
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'eg' },
    spec: { controllerName: 'gateway.envoyproxy.io/gatewayclass-controller' },
  } as KubeObject,
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'edge', namespace: 'default' },
    spec: { gatewayClassName: 'eg' },
  } as KubeObject,
  {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'Backend',
    metadata: { name: 'openai', namespace: 'default' },
  },
  {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'AIServiceBackend',
    metadata: { name: 'openai', namespace: 'default' },
    spec: {
      schema: { name: 'OpenAI' },
      backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'openai' },
    },
  } as KubeObject,
];

/** A route that takes so much of the filter config. */
const route = (name: string, bytes: number, createdAt = '2026-01-01T00:00:00Z'): AIGatewayRoute => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { name, namespace: 'default', generation: 1, creationTimestamp: createdAt },
  spec: {
    parentRefs: [{ name: 'edge' }],
    rules: [{ backendRefs: [{ name: 'openai', bodyMutation: { set: [{ path: 'a', value: 'x'.repeat(bytes) }] } }] }],
  },
});

describe('a filter config that is larger than what can be stored', () => {
  let routes: Controller;
  let gateways: Controller;
  let woken: ObjectKey[];

  beforeEach(() => {
    [routes, gateways] = routingControllers(TEST_OPTIONS) as [Controller, Controller];
    woken = [];
    routes.onAttached?.((root) => woken.push(root));
  });

  function show(world: readonly KubeObject[]): void {
    for (const after of world) {
      const change = { type: { group: groupOf(after.apiVersion), kind: after.kind }, after };
      for (const controller of [routes, gateways]) Array.from(controller.triggers(change, snapshotOf(world)));
    }
  }

  /** One pass for the Gateway; then what each route says of being programmed. */
  function pass(...own: readonly ConditionedObject[]) {
    const world = [...COMMON, ...own];
    show(world);
    const [desired] = gateways.reconcile([keyOf(COMMON[1]!)], snapshotOf(world), NOW);
    return { desired: desired!, reasons: own.map((one) => programmed(own, one)) };
  }

  const programmed = (own: readonly ConditionedObject[], one: ConditionedObject): ConditionState => {
    const [desired] = routes.reconcile([keyOf(one)], snapshotOf([...COMMON, ...own]), NOW);
    return desired!.conditions.get(keyOf(one))!.find(({ type }) => type === 'Programmed')!;
  };

  it('is told at the largest route, and at no other; where nobody knows which one is new, nothing is left out', () => {
    const { desired, reasons } = pass(route('large', 5 * MEBIBYTE), route('small', MEBIBYTE));
    expect(desired.objects).toEqual([]);
    expect(desired.events.map(({ reason }) => reason)).toEqual(['FilterConfigTooLarge']);
    expect(reasons.map(({ reason }) => reason)).toEqual(['FilterConfigTooLarge', 'Pending']);
    expect(reasons[0]).toEqual({
      type: 'Programmed',
      status: 'False',
      reason: 'FilterConfigTooLarge',
      message:
        'Gateway default/edge: the filter configuration of its routes is larger than the 5.5 MiB that can be stored, and the ' +
        'former one stays in force. This route takes 5.0 MiB of it: move the route, or a part of it, to another Gateway',
      observedGeneration: 1,
    });
    expect(woken).toEqual([keyOf(route('large', 0))]);
  });

  it('is told at the newest of routes of one size, and at as many as have to go', () => {
    const own = ['01', '04', '03', '02'].map((day, i) => route(`r${i}`, 2 * MEBIBYTE, `2026-01-${day}T00:00:00Z`));
    const { reasons } = pass(...own);
    expect(reasons.map(({ reason }) => reason)).toEqual([
      'Pending',
      'FilterConfigTooLarge',
      'FilterConfigTooLarge',
      'Pending',
    ]);
  });

  it('leaves out the route that came or grew, and what changes of the others goes on', () => {
    const [old, other] = [route('old', 3 * MEBIBYTE), route('other', 2 * MEBIBYTE)];
    const { desired: before } = pass(old, other);
    const grown = { ...route('other', 2.9 * MEBIBYTE), metadata: { ...other.metadata, generation: 2 } };
    const { desired, reasons } = pass(old, grown);
    expect(reasons.map(({ reason }) => reason)).toEqual(['Pending', 'FilterConfigTooLarge']);
    expect(reasons[1]?.message).toContain('and is in force without this route. This route takes 2.9 MiB of it');
    expect(desired.events.map(({ reason }) => reason)).toEqual(['FilterConfigTooLarge']);
    expect(desired.objects.length).toBeGreaterThan(0);
    expect(desired.objects.length).toBeLessThan(before.objects.length);
    const changed = { ...old, metadata: { ...old.metadata, generation: 2 }, spec: route('old', 3.1 * MEBIBYTE).spec };
    expect(pass(changed, grown).reasons.map(({ reason }) => reason)).toEqual(['Pending', 'FilterConfigTooLarge']);
  });

  it('keeps the route out that says so when another replica leads', () => {
    const small = route('small', MEBIBYTE);
    pass(small);
    const large = route('large', 5 * MEBIBYTE);
    const said = pass(small, large).reasons[1]!;
    const former: ConditionedObject = {
      ...large,
      status: { conditions: [{ ...said, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
    };
    [routes, gateways] = routingControllers(TEST_OPTIONS) as [Controller, Controller];
    const { desired, reasons } = pass(small, former);
    expect(desired.objects.length).toBeGreaterThan(0);
    expect(reasons[1]).toEqual(said);
  });

  it('is not told any more when it fits again, and the route is woken for that', () => {
    const large = route('large', 6 * MEBIBYTE);
    pass(large);
    woken.length = 0;
    const { desired, reasons } = pass(route('large', 1));
    expect(desired.objects.length).toBeGreaterThan(0);
    expect(reasons.map(({ reason }) => reason)).toEqual(['Pending']);
    expect(woken).toEqual([keyOf(large)]);
  });

  it('wakes nobody while nothing changes', () => {
    pass(route('large', 6 * MEBIBYTE), route('small', 1));
    woken.length = 0;
    pass(route('large', 6 * MEBIBYTE), route('small', 2));
    expect(woken).toEqual([]);
  });

  it('stays told by a new leader until the Gateway was looked at, then goes', () => {
    const said = pass(route('large', 6 * MEBIBYTE)).reasons[0]!;
    const former: ConditionedObject = {
      ...route('large', 1),
      status: { conditions: [{ ...said, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
    };
    [routes, gateways] = routingControllers(TEST_OPTIONS) as [Controller, Controller];
    routes.onAttached?.((root) => woken.push(root));
    woken.length = 0;
    expect(programmed([former], former)).toEqual(said);
    expect(pass(former).reasons[0]?.reason).toBe('Pending');
    expect(woken).toEqual([keyOf(former)]);
  });

  it('does not stay told when the Gateway is gone', () => {
    const said = pass(route('large', 6 * MEBIBYTE)).reasons[0]!;
    const former: ConditionedObject = {
      ...route('large', 6 * MEBIBYTE),
      status: { conditions: [{ ...said, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
    };
    const world = snapshotOf([...COMMON.slice(2), former]);
    gateways.reconcile([keyOf(COMMON[1]!)], world, NOW);
    const [desired] = routes.reconcile([keyOf(former)], world, NOW);
    const conditions = desired?.conditions.get(keyOf(former)) ?? [];
    expect(conditions.find(({ type }) => type === 'Programmed')?.reason).toBe('GatewayNotFound');
  });
});
