import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { eventually, within } from '../../../test/harness/eventually.js';
import { FakeKubeApi } from '../../../test/harness/fake-kube-api.js';
import type { KubeObject } from '../../shared/api/kube-object.js';
import { ClusterClient } from './connection/cluster-client.js';
import { LEASE_NAME, LeaderElection } from './leader-election.js';
import { SYSTEM_TIMING } from './timing.js';

const LEASES = 'coordination.k8s.io/v1/leases';
const times = { leaseMs: 1_000, renewMs: 150, retryMs: 20 };

interface Lease extends KubeObject {
  readonly spec: { readonly holderIdentity: string; readonly leaseTransitions: number; readonly renewTime: string };
}

describe('LeaderElection', () => {
  let api: FakeKubeApi;
  let client: ClusterClient;
  let ended: AbortController;

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ClusterClient(api.connection);
    ended = new AbortController();
  });

  afterEach(async () => {
    ended.abort();
    client.close();
    await api.close();
  });

  const election = (identity: string) =>
    new LeaderElection({
      client,
      namespace: 'ns',
      identity,
      timing: SYSTEM_TIMING,
      logger: pino({ level: 'silent' }),
      times,
    });
  const lease = () => api.get(LEASES, 'ns', LEASE_NAME) as Lease | undefined;
  const leads = (identity: string, candidate: LeaderElection) =>
    within(`${identity} to lead`, candidate.acquire(ended.signal), 5_000);

  it('makes the lease and renews it', async () => {
    const first = election('first');
    expect(await leads('first', first)).toBe(true);
    expect(lease()?.spec).toMatchObject({ holderIdentity: 'first', leaseTransitions: 0, leaseDurationSeconds: 1 });
    const { renewTime } = lease()!.spec;
    const held = first.hold(ended.signal);
    await eventually('a renewal', () => lease()!.spec.renewTime > renewTime);
    ended.abort();
    expect(await held).toBe(false);
  });

  it('waits until the leader has not renewed for its time, then takes over', async () => {
    const first = election('first');
    await leads('first', first);
    const startMs = performance.now();
    expect(await leads('second', election('second'))).toBe(true);
    // Seen for the first time just after the start; the duration is on record as one second.
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(1_000);
    expect(lease()?.spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
  });

  it('takes over at once when the leader has given up the lease', async () => {
    const first = election('first');
    await leads('first', first);
    await first.release();
    expect(lease()?.spec.holderIdentity).toBe('');
    const startMs = performance.now();
    expect(await leads('second', election('second'))).toBe(true);
    expect(performance.now() - startMs).toBeLessThan(500);
  });

  it.each(['hang' as const, 'drop' as const, { status: 500 }])(
    'is lost when it cannot be renewed in time because the API server answers with %j',
    async (fault) => {
      const first = election('first');
      const startMs = performance.now();
      await leads('first', first);
      api.fault = () => fault;
      expect(await within('the loss', first.hold(ended.signal), 5_000)).toBe(true);
      const tookMs = performance.now() - startMs;
      expect(tookMs).toBeGreaterThanOrEqual(times.renewMs);
      expect(tookMs).toBeLessThan(times.leaseMs);
    },
  );

  it('is lost when somebody else has taken it', async () => {
    const first = election('first');
    await leads('first', first);
    const current = lease()!;
    const stolen: Lease = { ...current, spec: { ...current.spec, holderIdentity: 'thief' } };
    api.put(LEASES, stolen);
    expect(await within('the loss', first.hold(ended.signal), 5_000)).toBe(true);
    await first.release();
    expect(lease()?.spec.holderIdentity).toBe('thief');
  });

  it('lets only one of many lead', async () => {
    const candidates = ['a', 'b', 'c', 'd', 'e'].map((identity) => ({ identity, election: election(identity) }));
    const results = candidates.map(async ({ identity, election: one }) => ({
      identity,
      isLeader: await one.acquire(AbortSignal.any([ended.signal, AbortSignal.timeout(400)])),
    }));
    const leading = (await Promise.all(results)).filter(({ isLeader }) => isLeader);
    expect(leading.map(({ identity }) => identity)).toEqual([lease()?.spec.holderIdentity]);
  });
});
