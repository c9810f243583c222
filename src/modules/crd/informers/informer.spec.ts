import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { eventually } from '../../../../test/harness/eventually.js';
import { FakeKubeApi } from '../../../../test/harness/fake-kube-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, type KubeObject } from '../../../shared/api/kube-object.js';
import { resourceOf } from '../../../shared/api/resources.js';
import { ClusterClient } from '../connection/cluster-client.js';
import { Store } from '../store/store.js';
import { SYSTEM_TIMING } from '../timing.js';
import { INFORMER_LIMITS, type InformerLimits, type Selection } from './informer.js';
import { Informers } from './informers.js';

const POOLS = 'inference.networking.k8s.io/v1/inferencepools';
const limits: InformerLimits = {
  ...INFORMER_LIMITS,
  retry: { firstMs: 5, maxMs: 20 },
  absentRetryMs: 10,
  silenceMaxMs: 60_000,
};

const pool = (name: string, more: Partial<KubeObject['metadata']> = {}): KubeObject => ({
  apiVersion: 'inference.networking.k8s.io/v1',
  kind: 'InferencePool',
  metadata: { name, namespace: 'default', ...more },
});

describe('Informer', () => {
  let api: FakeKubeApi;
  let client: ClusterClient;
  let informers: Informers;
  let store: Store;
  let changes: string[];
  let restarts: number;

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ClusterClient(api.connection);
    changes = [];
    restarts = 0;
    store = new Store(({ before, after }) =>
      changes.push(`${before ? '-' : ''}${after ? '+' : ''}${(after ?? before)!.metadata.name}`),
    );
  });

  afterEach(async () => {
    await informers.stop();
    client.close();
    await api.close();
  });

  const start = (selections: readonly Partial<Selection>[] = [{}], changed: Partial<InformerLimits> = {}) => {
    informers = new Informers(
      selections.map((selection) => ({ resource: resourceOf(kinds.inferencePool), ...selection })),
      () => store,
      {
        client,
        timing: SYSTEM_TIMING,
        logger: pino({ level: 'silent' }),
        limits: { ...limits, ...changed },
        onRestart: () => restarts++,
      },
    );
    informers.start();
    return informers.sync(5_000);
  };
  const names = () => store.list(kinds.inferencePool).map(({ metadata }) => metadata.name);
  const shows = (...expected: string[]) =>
    eventually(
      `the store to show ${expected.join()}, last ${names().join()}`,
      () => names().join() === expected.join(),
    );
  const watching = (count = 1) => eventually(`${count} watches`, () => api.watches === count);

  it('shows what is there, then what comes, changes and goes', async () => {
    api.put(POOLS, pool('a'));
    await start();
    expect(names()).toEqual(['a']);
    await watching();
    api.put(POOLS, pool('b'));
    await shows('a', 'b');
    api.put(POOLS, pool('b', { labels: { x: '1' } }));
    api.remove(POOLS, 'default', 'a');
    await shows('b');
    expect(changes).toEqual(['+a', '+b', '-+b', '-a']);
  });

  it('reads all pages of a list', async () => {
    api.pageSize = 2;
    for (const name of ['a', 'b', 'c', 'd', 'e']) api.put(POOLS, pool(name));
    await start();
    expect(names()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(api.callsOf('GET', 'inferencepools').filter(({ query }) => query.has('continue'))).toHaveLength(2);
  });

  it('goes on from the last version when a watch breaks in the middle of a line', async () => {
    await start();
    await watching();
    api.put(POOLS, pool('a'));
    await shows('a');
    api.breakWatches();
    api.put(POOLS, pool('b'));
    await shows('a', 'b');
    expect(changes).toEqual(['+a', '+b']);
    const lists = api.callsOf('GET', 'inferencepools').filter(({ query }) => !query.has('watch'));
    // The other one asks for the version alone.
    expect(lists.map(({ query }) => query.get('limit'))).toEqual(['500', '1']);
  });

  it('tells what it missed while its version expired', async () => {
    for (const name of ['changed', 'gone', 'same']) api.put(POOLS, pool(name));
    await start();
    await watching();
    changes.length = 0;
    // While requests are refused the watch cannot come back and see the events one by one.
    api.fault = () => ({ status: 503 });
    api.breakWatches();
    api.put(POOLS, pool('changed', { labels: { x: '1' } }));
    api.remove(POOLS, 'default', 'gone');
    api.put(POOLS, pool('new'));
    api.compact();
    api.fault = () => undefined;
    await shows('changed', 'new', 'same');
    expect(changes.sort()).toEqual(['+new', '-+changed', '-gone']);
  });

  it('lists again when the data of the server went back in time', async () => {
    for (const name of ['changed', 'gone', 'same']) api.put(POOLS, pool(name));
    await start();
    await watching();
    api.remove(POOLS, 'default', 'gone');
    await shows('changed', 'same');
    const restore = api.backup();
    api.put(POOLS, pool('changed', { labels: { x: '1' } }));
    api.put(POOLS, pool('ghost'));
    await shows('changed', 'ghost', 'same');
    changes.length = 0;
    restore();
    api.breakWatches();
    await shows('changed', 'same');
    expect(changes.sort()).toEqual(['-+changed', '-ghost']);
    // Its versions are lower than those that were seen before.
    api.put(POOLS, pool('next'));
    await shows('changed', 'next', 'same');
  });

  it('notices a watch that fell silent', async () => {
    await start([{}], { silenceMaxMs: 50 });
    await watching();
    api.silenceWatches();
    api.put(POOLS, pool('a'));
    await shows('a');
    expect(restarts).toBeGreaterThan(0);
  });

  it('takes bookmarks as a sign of life and goes on from them', async () => {
    await start();
    await watching();
    api.put('v1/pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default' } });
    api.bookmark();
    const pool1 = api.put(POOLS, pool('a'));
    await shows('a');
    api.compact();
    api.bookmark();
    api.breakWatches();
    await watching();
    // From the bookmark, not from before it: nothing had expired.
    const watches = api.callsOf('GET', 'inferencepools').filter(({ query }) => query.has('watch'));
    expect(watches.at(-1)?.query.get('resourceVersion')).toBe(pool1.metadata.resourceVersion);
  });

  it.each(['drop' as const, { status: 500 }, { status: 429, retryAfter: '0' }, { status: 401 }])(
    'goes on after the API server answers with %j',
    async (fault) => {
      let faults = 5;
      api.fault = () => (faults-- > 0 ? fault : undefined);
      api.put(POOLS, pool('a'));
      await start();
      expect(names()).toEqual(['a']);
      expect(restarts).toBe(5);
    },
  );

  it('waits for a kind that is not installed, and forgets one that is removed', async () => {
    let isInstalled = false;
    api.fault = () => (isInstalled ? undefined : { status: 404 });
    await start([{ isOptional: true }]);
    expect(names()).toEqual([]);
    api.put(POOLS, pool('a'));
    isInstalled = true;
    await shows('a');
    await watching();
    isInstalled = false;
    api.breakWatches();
    await shows();
    expect(changes).toEqual(['+a', '-a']);
  });

  it('names what cannot be listed in time', async () => {
    api.fault = ({ path }) => (path.includes('inferencepools') ? { status: 404 } : { status: 403 });
    start([{}, { resource: resourceOf(kinds.gateway), namespace: 'x' }]).catch(() => {});
    await expect(informers.sync(100)).rejects.toThrow(
      /^cannot list within 0 s what the controller watches: inferencepools\.inference\.networking\.k8s\.io \(not installed: apply the CRDs\); gateways\.gateway\.networking\.k8s\.io in x \(forbidden: grant list and watch; .*403/,
    );
  });

  it('shows an object as long as one of two selections has it', async () => {
    api.put(POOLS, pool('a', { labels: { x: '1', y: '1' } }));
    await start([{ labelSelector: 'x' }, { labelSelector: 'y' }]);
    await watching(2);
    api.put(POOLS, pool('b', { labels: { y: '1' } }));
    await shows('a', 'b');
    api.remove(POOLS, 'default', 'a');
    await shows('b');
    expect(changes).toEqual(['+a', '+b', '-a']);
  });

  it('watches a namespace alone', async () => {
    api.put(POOLS, pool('a'));
    api.put(POOLS, pool('b', { namespace: 'other' }));
    await start([{ namespace: 'other' }]);
    expect(names()).toEqual(['b']);
    expect(keyOf(store.list(kinds.inferencePool)[0]!)).toBe('inference.networking.k8s.io/InferencePool/other/b');
  });

  it('keeps only what the selection reduces an object to', async () => {
    const large: KubeObject & { readonly spec: object } = { ...pool('a'), spec: { large: 'x' } };
    api.put(POOLS, large);
    await start([{ reduce: ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }) }]);
    expect(store.list(kinds.inferencePool)[0]).not.toHaveProperty('spec');
  });
});
