import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { eventually } from '../../../../test/harness/eventually.js';
import { FakeKubeApi } from '../../../../test/harness/fake-kube-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, objectKey, type KubeObject } from '../../../shared/api/kube-object.js';
import { ClusterClient } from '../connection/cluster-client.js';
import { SYSTEM_TIMING } from '../timing.js';
import { ReferencedSecrets } from './referenced-secrets.js';
import { Store } from './store.js';

type AnyObject = KubeObject & Readonly<Record<string, unknown>>;

const SECRETS = 'v1/secrets';
const keyOfSecret = (name: string) => objectKey(kinds.secret, 'default', name);
const secret = (name: string, value: string, labels: Record<string, string> = {}): AnyObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'default', labels },
  data: { value },
});
/** Refers to the Secret of its own name. */
const policy = (name: string): KubeObject => ({
  apiVersion: 'x/v1',
  kind: 'Policy',
  metadata: { name, namespace: 'default' },
});

describe('ReferencedSecrets', () => {
  let api: FakeKubeApi;
  let client: ClusterClient;
  let store: Store;
  let secrets: ReferencedSecrets;

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ClusterClient(api.connection);
    store = new Store(() => {});
    secrets = new ReferencedSecrets(
      { references: (object) => [keyOfSecret(object.metadata.name)], isOwn: ({ labels }) => labels?.['own'] === 'yes' },
      { client, store, timing: SYSTEM_TIMING, logger: pino({ level: 'silent' }) },
    );
  });

  afterEach(async () => {
    secrets.stop();
    client.close();
    await api.close();
  });

  /** The server has it, and the metadata of it was delivered. */
  const tell = (object: KubeObject) => {
    const { apiVersion, kind, metadata } = api.put(SECRETS, object);
    secrets.put({ object: { apiVersion, kind, metadata }, managed: undefined });
  };
  const value = (name: string) =>
    store.get<KubeObject & { readonly data: Record<string, string> }>(kinds.secret, 'default', name)?.data['value'];

  it('fetches what is referred to, whichever came first', async () => {
    tell(secret('a', '1'));
    secrets.onChange(undefined, policy('a'));
    secrets.onChange(undefined, policy('b'));
    tell(secret('b', '2'));
    tell(secret('unrelated', '3'));
    expect(secrets.isSettled).toBe(false);
    await secrets.settled();
    expect([value('a'), value('b'), value('unrelated')]).toEqual(['1', '2', undefined]);
    expect(secrets.exists(keyOfSecret('unrelated'))).toBe(true);
    expect(api.callsOf('GET', 'unrelated')).toEqual([]);
  });

  it('fetches what carries our label, and no longer when it loses it', async () => {
    tell(secret('a', '1', { own: 'yes' }));
    await secrets.settled();
    expect(value('a')).toBe('1');
    tell(secret('a', '1', { own: 'no' }));
    expect(value('a')).toBeUndefined();
  });

  it('fetches again after each change, once for many', async () => {
    secrets.onChange(undefined, policy('a'));
    for (const text of ['1', '2', '3']) tell(secret('a', text));
    await secrets.settled();
    expect(value('a')).toBe('3');
    tell(secret('a', '4'));
    await secrets.settled();
    expect(value('a')).toBe('4');
    expect(api.callsOf('GET', 'secrets/a').length).toBeLessThan(4);
  });

  it('does not fetch what we have just written', async () => {
    secrets.onChange(undefined, policy('a'));
    const written = api.put(SECRETS, secret('a', 'mine'));
    store.putOwn({ object: written, managed: undefined }, undefined, { controller: 'c', root: 'r' });
    secrets.onChange(undefined, policy('other'));
    const { apiVersion, kind, metadata } = written;
    secrets.put({ object: { apiVersion, kind, metadata }, managed: undefined });
    expect(secrets.isSettled).toBe(true);
    expect(value('a')).toBe('mine');
    expect(api.calls).toEqual([]);
  });

  it('forgets a content when the last reference goes, and keeps it before', async () => {
    tell(secret('a', '1'));
    secrets.onChange(undefined, policy('a'));
    const other = { ...policy('a'), kind: 'Other' };
    secrets.onChange(undefined, other);
    await secrets.settled();
    secrets.onChange(policy('a'), undefined);
    expect(value('a')).toBe('1');
    secrets.onChange(other, undefined);
    expect(value('a')).toBeUndefined();
  });

  it('forgets a deleted secret', async () => {
    tell(secret('a', '1', { own: 'yes' }));
    await secrets.settled();
    secrets.remove(keyOf(secret('a', '1')), undefined);
    expect(value('a')).toBeUndefined();
    expect(secrets.exists(keyOfSecret('a'))).toBe(false);
  });

  it('tries again when it cannot be read, without holding anything up meanwhile', async () => {
    let isBroken = true;
    api.fault = () => (isBroken ? { status: 500 } : undefined);
    tell(secret('a', '1', { own: 'yes' }));
    await secrets.settled();
    expect(value('a')).toBeUndefined();
    isBroken = false;
    await eventually('the retry', () => value('a') === '1');
  });
});
