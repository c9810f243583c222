import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { FakeKubeApi } from '../../../../test/harness/fake-kube-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { objectKey } from '../../../shared/api/kube-object.js';
import { ClusterClient } from '../connection/cluster-client.js';
import type { ObjectEvent } from '../controller.js';
import { Store } from '../store/store.js';
import { SYSTEM_TIMING } from '../timing.js';
import { EventRecorder } from './event-recorder.js';

const event = (name: string, note: string): ObjectEvent => ({
  regarding: objectKey(kinds.aiGatewayRoute, 'default', name),
  type: 'Warning',
  reason: 'Broken',
  action: 'Reconcile',
  note,
});

describe('EventRecorder', () => {
  let api: FakeKubeApi;
  let client: ClusterClient;
  let recorder: EventRecorder;
  let nowMs = 0;
  const logged: string[] = [];

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ClusterClient(api.connection);
    const store = new Store(() => {});
    const object = { apiVersion: 'aigateway.envoyproxy.io/v1beta1', kind: 'AIGatewayRoute' };
    store.put({ object: { ...object, metadata: { name: 'a', namespace: 'default', uid: 'u' } }, managed: undefined });
    const timing = { ...SYSTEM_TIMING, nowMs: () => nowMs, date: () => new Date('2026-01-01T00:00:00.123Z') };
    const controller = { name: 'example.com/c', instance: 'i' };
    logged.length = 0;
    const logger = pino({ level: 'info' }, { write: (line: string) => logged.push(line) });
    recorder = new EventRecorder({ client, store, timing, logger, controller });
  });

  afterEach(async () => {
    client.close();
    await api.close();
  });

  const created = async () => {
    await recorder.flush();
    return api.callsOf('POST', 'events').length;
  };

  it('logs warnings, once, and nothing of what goes well', async () => {
    recorder.record(event('a', 'spec.rules[0]: wrong'));
    recorder.record(event('a', 'spec.rules[0]: wrong'));
    recorder.record({ ...event('a', 'well'), type: 'Normal' });
    expect(await created()).toBe(2);
    expect(logged.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({
        level: 40,
        object: 'aigateway.envoyproxy.io/AIGatewayRoute/default/a',
        reason: 'Broken',
        note: 'spec.rules[0]: wrong',
      }),
    ]);
  });

  it('writes what the API wants of an event', async () => {
    recorder.record(event('a', 'x'.repeat(2_000)));
    expect(await created()).toBe(1);
    expect(api.list('events.k8s.io/v1/events')).toMatchObject([
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: expect.stringMatching(/^a\.[0-9a-f]{16}$/), namespace: 'default' },
        eventTime: '2026-01-01T00:00:00.123000Z',
        reportingController: 'example.com/c',
        reportingInstance: 'i',
        action: 'Reconcile',
        reason: 'Broken',
        type: 'Warning',
        note: 'x'.repeat(1_024),
        regarding: {
          apiVersion: 'aigateway.envoyproxy.io/v1beta1',
          kind: 'AIGatewayRoute',
          namespace: 'default',
          name: 'a',
          uid: 'u',
        },
      },
    ]);
  });

  it('does not say again what it said last about an object', async () => {
    for (const note of ['x', 'x', 'y', 'x']) recorder.record(event('a', note));
    recorder.record(event('b', 'x'));
    expect(await created()).toBe(4);
  });

  it('is silent beyond its rate, then speaks again', async () => {
    for (let i = 0; i < 150; i++) recorder.record(event(`r${i}`, 'x'));
    expect(await created()).toBe(100);
    nowMs += 1_000;
    for (let i = 100; i < 150; i++) recorder.record(event(`r${i}`, 'x'));
    expect(await created()).toBe(110);
  });

  it('does not mind when an event is refused', async () => {
    api.fault = () => ({ status: 403 });
    recorder.record(event('a', 'x'));
    expect(await created()).toBe(1);
  });
});
