import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { kinds } from '../../src/shared/api/kinds.js';
import type { HTTPRoute } from '../../src/shared/api/http-route.js';
import type { AIGatewayRoute } from '../../src/shared/api/ai-gateway.js';
import { eventually, within } from '../harness/eventually.js';
import { installCrds } from '../harness/kube/install-crds.js';
import { KubeCluster } from '../harness/kube/kube-cluster.js';
import { acceptedOf, aiRoute, annotations, NAMESPACE, startCluster, type StartedCluster } from './seam-world.js';

const httpRouteRef = (name: string) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  namespace: NAMESPACE,
  name,
});
const aiRouteRef = (name: string) => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  namespace: NAMESPACE,
  name,
});
const leaseRef = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: NAMESPACE,
  name: 'envoy-ai-gateway-controller',
};

interface Lease extends KubeObject {
  readonly spec: { readonly holderIdentity: string };
}

describe('several controllers on a real API server', () => {
  let kube: KubeCluster;
  const started: StartedCluster[] = [];

  beforeAll(async () => {
    kube = await KubeCluster.start();
    await installCrds(kube.api);
  }, 120_000);

  afterEach(async () => {
    await Promise.all(started.splice(0).map(async ({ cluster }) => await cluster.stop()));
    await kube.api.delete(leaseRef);
  });

  afterAll(async () => {
    await kube.stop();
  });

  const start = (identity: string, more: Parameters<typeof startCluster>[2] = { elects: true }) => {
    const one = startCluster(kube, identity, more);
    started.push(one);
    return one;
  };
  const leads = ({ cluster }: StartedCluster) => eventually('it to lead', () => cluster.isLeader, 15_000);
  const route = (name: string) => kube.api.exists<HTTPRoute>(httpRouteRef(name), 15_000);

  it('lets one lead, and the next one as soon as that ends, with what came meanwhile', async () => {
    const first = start('first');
    await leads(first);
    const second = start('second');
    await eventually('the second to be synced', () => second.cluster.isSynced, 15_000);
    await kube.api.create(aiRoute('by-first'));
    await route('by-first');
    expect(second.cluster.isLeader).toBe(false);
    // The second one sees what the first one writes.
    await eventually('the route to be seen', () => second.cluster.world.get(kinds.httpRoute, NAMESPACE, 'by-first'));

    await Promise.all([first.cluster.stop(), kube.api.create(aiRoute('between'))]);
    await leads(second);
    await route('between');
    await kube.api.delete(httpRouteRef('by-first'));
    await route('by-first');
    expect((await kube.api.get<Lease>(leaseRef))?.spec.holderIdentity).toBe('second');
  }, 60_000);

  it('ends with an error and writes nothing any more when the lease is taken from it', async () => {
    const first = start('first');
    await leads(first);
    await kube.api.patch(leaseRef, { spec: { holderIdentity: 'thief' } });
    const error = await within('the end', first.fatal, 10_000);
    expect(error.message).toBe('lost the lease: another process may lead now, or the API server was out of reach');
    expect(first.cluster.isLeader).toBe(false);
    const { metadata } = await kube.api.create(aiRoute('after-the-loss'));
    await eventually('it to be seen', () => first.cluster.world.get(kinds.aiGatewayRoute, NAMESPACE, metadata.name));
    await first.cluster.stop();
    expect(await kube.api.get(httpRouteRef('after-the-loss'))).toBeUndefined();
    expect((await kube.api.get<Lease>(leaseRef))?.spec.holderIdentity).toBe('thief');
  }, 60_000);

  it('ends with an error when it cannot renew because the API server is away', async () => {
    const first = start('first');
    await leads(first);
    await kube.stopApiServer('SIGKILL');
    const { message } = await within('the end', first.fatal, 10_000);
    expect(message).toContain('lost the lease');
    await kube.startApiServer();
  }, 60_000);

  it('says which kinds it may not list', async () => {
    const kubeconfig = await kube.kubeconfigOf('default', 'no-rights');
    const one = startCluster(kube, 'no-rights', { kubeconfig, cacheSyncTimeoutMs: 1_000 });
    started.push(one);
    const { message } = await within('the end', one.fatal, 10_000);
    expect(message).toMatch(
      /^cannot list within 1 s what the controller watches: gatewayclasses\.gateway\.networking\.k8s\.io \(forbidden: grant list and watch; /,
    );
    expect(message).toContain('; secrets (forbidden');
    expect(one.cluster.isSynced).toBe(false);
  }, 60_000);

  it('lets another writer have what it insists on, and says so', async () => {
    const only = start('only', {});
    await leads(only);
    await kube.api.create(aiRoute('contested', { [annotations.label]: 'ours' }));
    await route('contested');
    const ended = new AbortController();
    let changes = 0;
    const fight = (async () => {
      const type = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' };
      const selection = { namespace: NAMESPACE, fieldSelector: 'metadata.name=contested' };
      for await (const { object } of kube.api.watch<HTTPRoute>(type, selection, ended.signal)) {
        if (object.metadata.labels?.['label'] === 'theirs') continue;
        changes++;
        await kube.api.patch(httpRouteRef('contested'), { metadata: { labels: { label: 'theirs' } } });
      }
    })();
    const message = await kube.api.eventually<AIGatewayRoute, string>(
      aiRouteRef('contested'),
      'to be refused',
      (object) => acceptedOf(object)?.type === 'NotAccepted' && acceptedOf(object)?.message,
      15_000,
    );
    ended.abort();
    await fight;
    expect(message).toBe(
      'cannot keep HTTPRoute default/contested as it should be: somebody else keeps changing metadata.labels.label; look into its metadata.managedFields for who it is',
    );
    expect(changes).toBe(10);
  }, 60_000);

  it('sees the namespaces that it is told and no others', async () => {
    await kube.api.ensureNamespace('other');
    // A namespace that does not exist is no obstacle.
    const only = start('only', { watchNamespaces: ['other', 'not-there'] });
    await leads(only);
    await kube.api.create(aiRoute('unseen'));
    const seen = { ...aiRoute('seen'), metadata: { name: 'seen', namespace: 'other' } };
    await kube.api.create(seen);
    await eventually('the route of the namespace', () => only.cluster.world.get(kinds.aiGatewayRoute, 'other', 'seen'));
    expect(only.cluster.world.list(kinds.aiGatewayRoute).map(({ metadata }) => metadata.name)).toEqual(['seen']);
  }, 60_000);
});
