import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeKubeApi } from '../../../../test/harness/fake-kube-api.js';
import type { ConditionedObject, ConditionState } from '../../../shared/api/conditions.js';
import { keyOf, type KubeObject } from '../../../shared/api/kube-object.js';
import { ClusterClient } from '../connection/cluster-client.js';
import { Store } from '../store/store.js';
import { SYSTEM_TIMING } from '../timing.js';
import { StatusWriter } from './status-writer.js';

const ROUTES = 'aigateway.envoyproxy.io/v1beta1/aigatewayroutes';
const accepted: ConditionState = { type: 'Accepted', status: 'True', reason: 'R', message: 'm', observedGeneration: 1 };
const origin = { controller: 'c', root: 'r' };

describe('StatusWriter', () => {
  let api: FakeKubeApi;
  let client: ClusterClient;
  let store: Store;
  let writer: StatusWriter;
  let now: Date;
  let object: KubeObject;

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ClusterClient(api.connection);
    store = new Store(() => {});
    now = new Date('2026-01-01T00:00:00Z');
    writer = new StatusWriter({ client, store, timing: { ...SYSTEM_TIMING, date: () => now } });
    object = api.put(ROUTES, {
      apiVersion: 'aigateway.envoyproxy.io/v1beta1',
      kind: 'AIGatewayRoute',
      metadata: { name: 'a', namespace: 'default' },
    });
    store.put({ object, managed: undefined });
  });

  afterEach(async () => {
    client.close();
    await api.close();
  });

  const stored = () => (api.get(ROUTES, 'default', 'a') as ConditionedObject).status?.conditions;
  const write = (...states: ConditionState[]) => writer.write(keyOf(object), states, origin);

  it('writes what is new, and nothing when it is said already', async () => {
    expect(await write(accepted)).toBe(true);
    expect(stored()).toEqual([{ ...accepted, lastTransitionTime: '2026-01-01T00:00:00Z' }]);
    expect(await write(accepted)).toBe(false);
    expect(api.callsOf('PATCH', 'status')).toHaveLength(1);
  });

  it.each<[string, Partial<ConditionState>, string]>([
    ['keeps the time when only the message changes', { message: 'n' }, '2026-01-01T00:00:00Z'],
    ['keeps the time when only the generation changes', { observedGeneration: 2 }, '2026-01-01T00:00:00Z'],
    ['takes the time when the status changes', { status: 'False' }, '2026-01-02T00:00:00Z'],
  ])('%s', async (_, change, lastTransitionTime) => {
    await write(accepted);
    now = new Date('2026-01-02T00:00:00Z');
    expect(await write({ ...accepted, ...change })).toBe(true);
    expect(stored()).toEqual([{ ...accepted, ...change, lastTransitionTime }]);
  });

  it('reads again when somebody was faster, and does not overwrite unseen', async () => {
    api.put(ROUTES, { ...object, metadata: { ...object.metadata, labels: { theirs: 'x' } } });
    expect(await write(accepted)).toBe(true);
    expect(api.get(ROUTES, 'default', 'a')?.metadata.labels).toEqual({ theirs: 'x' });
    expect(stored()).toMatchObject([accepted]);
    expect(api.callsOf('PATCH', 'status')).toHaveLength(2);
  });

  it('gives up when somebody is always faster', async () => {
    api.fault = ({ method }) => (method === 'PATCH' ? { status: 409 } : undefined);
    await expect(write(accepted)).rejects.toMatchObject({ status: 409 });
    expect(api.callsOf('PATCH', 'status')).toHaveLength(6);
  });

  it('has nothing to do for an object that is gone', async () => {
    api.remove(ROUTES, 'default', 'a');
    expect(await write(accepted)).toBe(false);
    store.remove(keyOf(object));
    expect(await write(accepted)).toBe(false);
  });
});
