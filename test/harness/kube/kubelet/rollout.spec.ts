import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Deployment, Pod } from './pod.js';
import { TEMPLATE_HASH_LABEL, planRollout, templateHash } from './rollout.js';

const deployment = (replicas: number): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', uid: 'd-uid', generation: 3 },
  spec: { replicas, selector: {}, template: { spec: { containers: [{ name: 'envoy' }] } } },
});

const HASH = templateHash(deployment(1));

interface PodPlan {
  readonly isCurrent: boolean;
  readonly isReady: boolean;
}

const pod = ({ isCurrent, isReady }: PodPlan, name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { [TEMPLATE_HASH_LABEL]: isCurrent ? HASH : 'old' } },
  spec: { containers: [] },
  status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
});

const pods = (...plans: PodPlan[]) => plans.map((plan, index) => pod(plan, `p${index}`));
const CURRENT = { isCurrent: true, isReady: true };
const STARTING = { isCurrent: true, isReady: false };
const OLD = { isCurrent: false, isReady: true };
const BROKEN = { isCurrent: false, isReady: false };

describe('planRollout', () => {
  it.each([
    { name: 'makes all Pods when there are none', replicas: 2, pods: pods(), create: 2, remove: [] },
    { name: 'does nothing when all are there', replicas: 1, pods: pods(CURRENT), create: 0, remove: [] },
    { name: 'makes one new Pod beside the old ones', replicas: 2, pods: pods(OLD, OLD), create: 1, remove: [] },
    {
      name: 'keeps the old Pod while the new one starts',
      replicas: 1,
      pods: pods(OLD, STARTING),
      create: 0,
      remove: [],
    },
    {
      name: 'ends the old Pod when the new one is ready',
      replicas: 1,
      pods: pods(OLD, CURRENT),
      create: 0,
      remove: ['p0'],
    },
    { name: 'ends an old Pod that is not ready at once', replicas: 1, pods: pods(BROKEN), create: 1, remove: ['p0'] },
    { name: 'ends what is too many', replicas: 1, pods: pods(CURRENT, CURRENT), create: 0, remove: ['p1'] },
    { name: 'ends all when none is wanted', replicas: 0, pods: pods(OLD, CURRENT), create: 0, remove: ['p0', 'p1'] },
  ])('$name', ({ replicas, pods, create, remove }) => {
    expect(planRollout(deployment(replicas), pods)).toMatchObject({ create, remove });
  });

  it('does not count Pods that are being deleted', () => {
    const leaving = pod(CURRENT, 'p0');
    const plan = planRollout(deployment(1), [
      { ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: '2026-11-21T00:00:00Z' } },
    ]);
    expect(plan).toMatchObject({ create: 1, remove: [], status: { replicas: 0 } });
  });

  it('reports what there is', () => {
    expect(planRollout(deployment(2), pods(OLD, CURRENT, STARTING)).status).toMatchObject({
      observedGeneration: 3,
      replicas: 3,
      updatedReplicas: 2,
      readyReplicas: 2,
      unavailableReplicas: 0,
    });
  });

  it('never ends a ready Pod that is missed, and never has more than one Pod too many', () => {
    const plans = fc.array(fc.record({ isCurrent: fc.boolean(), isReady: fc.boolean() }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), plans, (replicas, plans) => {
        const present = pods(...plans);
        const { create, remove } = planRollout(deployment(replicas), present);
        const left = plans.filter((_, index) => !remove.includes(`p${index}`));
        const readyBefore = plans.filter(({ isReady }) => isReady).length;
        const readyAfter = left.filter(({ isReady }) => isReady).length;
        const currentBefore = plans.filter(({ isCurrent }) => isCurrent).length;
        // Surplus Pods of the current template are told apart by nothing.
        const isEnough = currentBefore > replicas || readyAfter >= Math.min(replicas, readyBefore);
        const isBounded = create === 0 || plans.length + create <= replicas + 1;
        expect({ isEnough, isBounded }).toEqual({ isEnough: true, isBounded: true });
      }),
    );
  });
});
