import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeKubeApi } from '../../../test/harness/fake-kube-api.js';
import { ClusterClient } from './connection/cluster-client.js';
import { trustWebhookCa } from './webhook-trust.js';

const GROUP = 'admissionregistration.k8s.io/v1';
const CA = 'a CA';
const caBundle = Buffer.from(CA).toString('base64');

const configuration = (webhooks: readonly object[]) => ({
  apiVersion: GROUP,
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'pods' },
  webhooks,
});

describe('trustWebhookCa', () => {
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

  it.each<[string, readonly object[] | undefined, number, number]>([
    ['there is no configuration', undefined, 0, 0],
    ['a configuration has no entries', [], 1, 0],
    ['all entries trust it already', [{ name: 'a', clientConfig: { caBundle } }], 1, 0],
    [
      'one of two entries trusts another one',
      [{ clientConfig: { caBundle } }, { clientConfig: { caBundle: 'x' } }],
      1,
      1,
    ],
    ['an entry trusts nobody', [{ name: 'a' }], 1, 1],
  ])('counts what it found, and writes only when needed, when %s', async (_, webhooks, found, writes) => {
    if (webhooks) api.put(`${GROUP}/mutatingwebhookconfigurations`, configuration(webhooks));
    // The write itself: controller-webhook.spec.ts of the control-plane ring.
    api.fault = ({ method }) => (method === 'PATCH' ? { status: 418 } : undefined);
    const result = await trustWebhookCa(client, 'pods', CA).catch((error: { status: number }) => error.status);
    expect(result).toBe(writes > 0 ? 418 : found);
    expect(api.calls.filter(({ method }) => method === 'PATCH')).toHaveLength(writes);
  });
});
