import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { eventually } from '../../../test/harness/eventually.js';
import { FakeKubeApi } from '../../../test/harness/fake-kube-api.js';
import { Gate } from '../../../test/harness/gate.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import type { ConditionedObject, ConditionState } from '../../shared/api/conditions.js';
import { kinds } from '../../shared/api/kinds.js';
import { keyOf, objectKey, type KubeObject, type ObjectKey } from '../../shared/api/kube-object.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import { Applier } from './apply/applier.js';
import { EventRecorder } from './apply/event-recorder.js';
import { StatusWriter } from './apply/status-writer.js';
import { ClusterClient } from './connection/cluster-client.js';
import { ControlPlaneMetrics } from './control-plane-metrics.js';
import { ControllerLoop } from './controller-loop.js';
import type { Change, Controller, Desired } from './controller.js';
import { DesiredWriter } from './desired-writer.js';
import { Store } from './store/store.js';
import { SYSTEM_TIMING, type Timing } from './timing.js';

/** Three times the longest hold-off: what was to be done would be done. */
const IDLE_MS = 60;
const POOLS = 'inference.networking.k8s.io/v1/inferencepools';

/** Annotates each pool with `done`; counts who is reconciled together. */
class AnnotatingController implements Controller {
  readonly name = 'annotating';
  readonly holdOff = { quietMs: 1, maxMs: 20 };
  readonly passes: string[][] = [];
  throwsAt = (_roots: readonly string[]): boolean => false;
  cannotTell = (_name: string): boolean => false;
  requeueAfterMs: number | undefined;
  conditions: readonly ConditionState[] = [];

  *triggers({ before, after }: Change): Iterable<ObjectKey> {
    const object = (after ?? before)!;
    if (this.cannotTell(object.metadata.name)) throw new Error('planted');
    yield keyOf(object);
  }

  reconcile(roots: readonly ObjectKey[], world: Snapshot): readonly Desired[] {
    const names = roots.map((root) => root.slice(root.lastIndexOf('/') + 1));
    this.passes.push(names);
    if (this.throwsAt(names)) throw new Error('planted');
    return roots.map((root, i) => ({
      root,
      objects: [],
      deletes: [],
      patches: world.get(kinds.inferencePool, 'default', names[i]!)
        ? [{ object: root, patch: { metadata: { annotations: { done: 'yes' } } } }]
        : [],
      conditions: new Map(this.conditions.length === 0 ? [] : [[root, this.conditions]]),
      events: [],
      ...(this.requeueAfterMs !== undefined && { requeueAfterMs: this.requeueAfterMs }),
    }));
  }
}

describe('ControllerLoop', () => {
  let api: FakeKubeApi;
  let client: ClusterClient;
  let store: Store;
  let loop: ControllerLoop;
  let controller: AnnotatingController;
  let registry: MetricsRegistry;
  let contents: Promise<void> | undefined;
  /** While it is set, the clock stands still: what is delivered then is due together, however slow the machine. */
  let heldMs: number | undefined;
  const timing: Timing = { ...SYSTEM_TIMING, nowMs: () => heldMs ?? SYSTEM_TIMING.nowMs() };

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ClusterClient(api.connection);
    store = new Store((change, origin) => loop.show(change, origin));
    controller = new AnnotatingController();
    registry = new MetricsRegistry();
    contents = undefined;
    heldMs = undefined;
    const common = { client, store, timing, logger: pino({ level: 'silent' }) };
    const events = new EventRecorder({ ...common, controller: { name: 'c', instance: 'i' } });
    loop = new ControllerLoop(controller, {
      ...common,
      writer: new DesiredWriter({
        applier: new Applier({ ...common, existsUnseen: () => false }),
        statusWriter: new StatusWriter(common),
        events,
      }),
      contents: () => contents,
      metrics: new ControlPlaneMetrics(registry),
    });
  });

  afterEach(async () => {
    await loop.stop();
    client.close();
    await registry.close();
    await api.close();
  });

  /** As a watch would deliver it. */
  const deliver = (name: string, more: Partial<KubeObject['metadata']> = {}) => {
    const object = api.put(POOLS, {
      apiVersion: 'inference.networking.k8s.io/v1',
      kind: 'InferencePool',
      metadata: { name, namespace: 'default', ...more },
    });
    // The server's copy is its own.
    store.put({ object: structuredClone(object), managed: undefined });
  };
  const deliverTogether = (...names: string[]) => {
    heldMs = SYSTEM_TIMING.nowMs();
    for (const name of names) deliver(name);
    heldMs = undefined;
  };
  const isDone = (name: string) => api.get(POOLS, 'default', name)?.metadata.annotations?.['done'] === 'yes';
  const done = (...names: string[]) => eventually(`${names.join()} to be done`, () => names.every(isDone));

  it('does nothing before it is started, then everything that was shown', async () => {
    for (const name of ['a', 'b']) deliver(name);
    await delay(IDLE_MS);
    expect(controller.passes).toEqual([]);
    loop.start();
    await done('a', 'b');
  });

  it('reconciles in one pass what comes together, and does not answer its own writes', async () => {
    loop.start();
    deliverTogether('a', 'b', 'c');
    await done('a', 'b', 'c');
    deliver('d');
    await done('d');
    expect(controller.passes).toEqual([['a', 'b', 'c'], ['d']]);
  });

  it('takes roots one by one when a pass throws, and tries the bad one again', async () => {
    controller.throwsAt = (names) => names.includes('bad') && controller.passes.length < 6;
    loop.start();
    deliverTogether('a', 'bad', 'b');
    await done('a', 'b', 'bad');
    expect(controller.passes.slice(0, 4)).toEqual([['a', 'bad', 'b'], ['a'], ['bad'], ['b']]);
    expect(await registry.text()).toMatch(/aigateway_controller_failures_total\{[^}]*stage="reconcile"[^}]*\} [1-9]/);
  });

  it('tries again when the API server fails, sooner when something happens', async () => {
    let isBroken = true;
    api.fault = ({ method }) => (isBroken && method === 'PATCH' ? { status: 500, retryAfter: '3600' } : undefined);
    loop.start();
    deliver('a');
    await eventually('the first attempt', () => api.callsOf('PATCH', 'a').length > 0);
    isBroken = false;
    deliver('b');
    await done('b');
    expect(isDone('a')).toBe(false);
    deliver('a', { labels: { x: '1' } });
    await done('a');
  });

  it('tells in the conditions what fails time after time, and no more when it is written', async () => {
    let isBroken = true;
    const isOfContent = ({ method, path }: { readonly method: string; readonly path: string }) =>
      method === 'PATCH' && path.endsWith('/a');
    api.fault = (call) => (isBroken && isOfContent(call) ? { status: 500 } : undefined);
    controller.conditions = [{ type: 'Accepted', status: 'True', reason: 'ReconciliationSucceeded', message: 'well' }];
    const told = () => {
      const { status } = api.get(POOLS, 'default', 'a') as ConditionedObject;
      return status?.conditions?.map(({ type, message }) => `${type}: ${message}`).join() ?? '';
    };
    loop.start();
    deliver('a');
    await eventually('a condition', () => told() !== '');
    expect(told()).toMatch(/^NotAccepted: cannot write InferencePool default\/a, and it is tried again: .* 500 /);
    // Before that it may be a conflict.
    const firstTold = api.calls.findIndex(({ method, path }) => method === 'PATCH' && path.endsWith('/a/status'));
    expect(api.calls.slice(0, firstTold).filter(isOfContent)).toHaveLength(3);
    const events = () => api.callsOf('POST', 'events').length;
    await eventually('an Event', () => events() === 1);
    isBroken = false;
    await eventually('the condition to change', () => told() === 'Accepted: well');
    expect(events()).toBe(1);
  });

  it('tries again soon when rights are missing, as at an API server that has not read its roles yet', async () => {
    api.fault = ({ method }) =>
      method === 'PATCH' && api.callsOf('PATCH', 'a').length < 3 ? { status: 403 } : undefined;
    loop.start();
    deliver('a');
    await done('a');
    expect(await registry.text()).toMatch(/aigateway_controller_failures_total\{[^}]*stage="refused"[^}]*\} [2-3]/);
  });

  it('looks again at the time that was asked for', async () => {
    controller.requeueAfterMs = 30;
    loop.start();
    deliver('a');
    await eventually('three passes', () => controller.passes.length >= 3);
    expect(new Set(controller.passes.flat())).toEqual(new Set(['a']));
  });

  it('waits for contents that are being fetched', async () => {
    const gate = new Gate();
    contents = gate.opened;
    loop.start();
    deliver('a');
    await delay(IDLE_MS);
    expect(controller.passes).toEqual([]);
    contents = undefined;
    gate.open();
    await done('a');
  });

  it('goes on when triggers throw', async () => {
    controller.cannotTell = (name) => name === 'lost';
    loop.start();
    deliver('lost');
    deliver('a');
    await done('a');
    expect(controller.passes).toEqual([['a']]);
  });

  it('ends after the writes that are under way, and starts no other', async () => {
    loop.start();
    deliver('a');
    await done('a');
    await loop.stop();
    deliver('b');
    loop.show({ type: kinds.inferencePool, after: store.getByKey(objectKey(kinds.inferencePool, 'default', 'b'))! });
    await delay(IDLE_MS);
    expect(isDone('b')).toBe(false);
  });
});
