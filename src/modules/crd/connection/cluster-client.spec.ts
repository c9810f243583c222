import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeKubeApi } from '../../../../test/harness/fake-kube-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { ApiCredentials } from './api-credentials.js';
import { ClusterClient } from './cluster-client.js';

const POOLS = 'inference.networking.k8s.io/v1/inferencepools';
const name = { type: kinds.inferencePool, namespace: 'default', name: 'a' };
const pool: KubeObject = {
  apiVersion: 'inference.networking.k8s.io/v1',
  kind: 'InferencePool',
  metadata: { name: 'a', namespace: 'default' },
};

describe('ClusterClient', () => {
  let api: FakeKubeApi;
  let client: ClusterClient;

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ClusterClient(api.connection);
  });

  afterEach(async () => {
    client.close();
    await api.close();
  });

  it('reads and writes one object', async () => {
    expect(await client.get(name)).toBeUndefined();
    const { object } = await client.create(pool);
    expect((await client.get(name))?.object).toEqual(object);
    const patched = await client.mergePatch(name, { metadata: { labels: { x: '1' } } });
    expect(patched.object.metadata.labels).toEqual({ x: '1' });
    await expect(client.replace(object)).rejects.toMatchObject({ status: 409, reason: 'Conflict' });
    await client.delete(name, object.metadata.uid!);
    await client.delete(name, object.metadata.uid!);
    expect(api.get(POOLS, 'default', 'a')).toBeUndefined();
  });

  it('tells refusals from answers that did not come', async () => {
    api.fault = () => ({ status: 429, retryAfter: '7' });
    await expect(client.get(name)).rejects.toMatchObject({ name: 'ApiError', status: 429, retryAfterMs: 7_000 });
    api.fault = () => 'drop';
    await expect(client.get(name)).rejects.toMatchObject({ name: 'NoAnswerError' });
    await api.close();
    await expect(client.create(pool)).rejects.toMatchObject({ name: 'NoAnswerError' });
    api = await new FakeKubeApi().start();
  });

  it('asks once more when the server closed an idle connection in the same moment, unless that could do it twice', async () => {
    await client.get(name);
    let drops = 1;
    api.fault = () => (drops-- > 0 ? 'drop' : undefined);
    expect(await client.get(name)).toBeUndefined();
    drops = 1;
    await expect(client.create(pool)).rejects.toMatchObject({ name: 'NoAnswerError' });
  });

  it('has at most 16 writes under way, and sends none any more once they are forbidden', async () => {
    api.fault = ({ method }) => (method === 'PATCH' ? 'hang' : undefined);
    const writes = Array.from({ length: 40 }, async (_, i) => await client.mergePatch({ ...name, name: `p${i}` }, {}));
    const results = Promise.allSettled(writes);
    while (api.callsOf('PATCH', 'p').length < 16) await new Promise(setImmediate);
    await client.get(name);
    expect(api.callsOf('PATCH', 'p')).toHaveLength(16);
    client.forbidWrites();
    client.close();
    const reasons = (await results).map((result) => (result.status === 'rejected' ? String(result.reason) : ''));
    expect(reasons.filter((reason) => reason.includes('may not write any more'))).toHaveLength(24);
    expect(api.callsOf('PATCH', 'p')).toHaveLength(16);
  });

  it('reads credentials again after a 401', async () => {
    let reads = 0;
    const credentials = new ApiCredentials(async () => ({ authorization: `Bearer ${++reads}` }));
    const other = new ClusterClient({ ...api.connection, credentials });
    await other.get(name);
    await other.get(name);
    expect(reads).toBe(1);
    api.fault = () => ({ status: 401 });
    await expect(other.get(name)).rejects.toMatchObject({ status: 401 });
    api.fault = () => undefined;
    expect(await other.get(name)).toBeUndefined();
    expect(reads).toBe(2);
    other.close();
  });
});
