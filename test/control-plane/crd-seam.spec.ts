import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { HTTPRoute } from '../../src/shared/api/http-route.js';
import type { AIGatewayRoute } from '../../src/shared/api/ai-gateway.js';
import { kinds } from '../../src/shared/api/kinds.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { eventually } from '../harness/eventually.js';
import type { ObjectRef } from '../harness/kube/api.js';
import { installCrds } from '../harness/kube/install-crds.js';
import { KubeCluster } from '../harness/kube/kube-cluster.js';
import {
  acceptedOf,
  aiRoute,
  annotations,
  NAMESPACE,
  ownerOf,
  startCluster,
  type StartedCluster,
} from './seam-world.js';

const ref = (apiVersion: string, kind: string) => (name: string) => ({ apiVersion, kind, namespace: NAMESPACE, name });
const httpRouteRef = ref('gateway.networking.k8s.io/v1', 'HTTPRoute');
const aiRouteRef = ref('aigateway.envoyproxy.io/v1beta1', 'AIGatewayRoute');

const WRITES =
  /^apiserver_request_total\{(?=.*group="(gateway\.|aigateway\.)|.*resource="secrets").*verb="(POST|PUT|PATCH|APPLY|DELETE)"/;

interface Secret extends KubeObject {
  readonly stringData: Readonly<Record<string, string>>;
}

describe('the cluster seam on a real API server', () => {
  let kube: KubeCluster;
  let started: StartedCluster;

  beforeAll(async () => {
    kube = await KubeCluster.start();
    await installCrds(kube.api);
    started = startCluster(kube, 'one');
    await eventually('the cluster to lead', () => started.cluster.isLeader, 20_000);
  }, 120_000);

  afterAll(async () => {
    await started.cluster.stop();
    await kube.stop();
  });

  const route = (name: string, what: string, probe: (object: HTTPRoute) => boolean) =>
    kube.api.eventually<HTTPRoute, HTTPRoute>(
      httpRouteRef(name),
      what,
      (object) => object && probe(object) && object,
      15_000,
    );
  const condition = (name: string, what: string, probe: (type: string, message: string) => boolean) =>
    kube.api.eventually<AIGatewayRoute, AIGatewayRoute>(
      aiRouteRef(name),
      what,
      (object) => {
        const found = acceptedOf(object);
        return found && probe(found.type, found.message) && object;
      },
      15_000,
    );
  const accepted = (name: string) => condition(name, `${name} to be accepted`, (type) => type === 'Accepted');
  /** By the API server's own count, of kinds that it does not write itself, in the order of `/metrics`. */
  const writeCounts = async (): Promise<ReadonlyMap<string, number>> => {
    const lines = (await kube.api.transport.text('/metrics')).split('\n').filter((line) => WRITES.test(line));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
    );
  };
  const writesSince = async (before: ReadonlyMap<string, number>) =>
    [...(await writeCounts())].flatMap(([what, count]) => {
      const more = count - (before.get(what) ?? 0);
      return more === 0 ? [] : [`${/resource="([^"]*)"/.exec(what)?.[1]} ${/verb="([^"]*)"/.exec(what)?.[1]} ${more}`];
    });
  const writesWithin = async (ms = 1_000) => {
    const before = await writeCounts();
    await delay(ms);
    return await writesSince(before);
  };

  it('makes what is desired with one write for each object, and then rests', async () => {
    const before = await writeCounts();
    await kube.api.create(aiRoute('plain'));
    await accepted('plain');
    await route('plain', 'to be there', () => true);
    expect(await writesSince(before)).toEqual([
      'aigatewayroutes PATCH 1',
      'aigatewayroutes POST 1',
      'httproutes APPLY 1',
    ]);
    expect(await writesWithin(3_000)).toEqual([]);
  });

  it('restores what was edited by hand: a value, something extra, a label', async () => {
    await kube.api.create(aiRoute('edited', { [annotations.label]: 'right' }));
    const { spec } = await route('edited', 'to be there', () => true);
    const edits: object[] = [
      { spec: { rules: [{ ...spec.rules![0], name: 'mine' }] } },
      { spec: { hostnames: ['mine.test'] } },
      { spec: { rules: [...spec.rules!, {}] } },
      { metadata: { labels: { label: 'wrong' } } },
      { metadata: { labels: { label: null } } },
      { metadata: { ownerReferences: null } },
    ];
    for (const edit of edits) {
      const { metadata } = await kube.api.patch<HTTPRoute>(httpRouteRef('edited'), edit);
      const restored = await route('edited', `to be restored after ${JSON.stringify(edit)}`, (object) => {
        const isNewer = object.metadata.resourceVersion !== metadata.resourceVersion;
        return (
          isNewer &&
          JSON.stringify(object.spec) === JSON.stringify(spec) &&
          object.metadata.labels?.['label'] === 'right'
        );
      });
      expect(restored.metadata.ownerReferences).toHaveLength(1);
    }
    expect(await writesWithin()).toEqual([]);
  });

  it('removes a label that is no longer desired and leaves those of others', async () => {
    await kube.api.create(aiRoute('labels', { [annotations.label]: 'x', [annotations.hostname]: 'a.test' }));
    await route('labels', 'to be labelled', ({ metadata }) => metadata.labels?.['label'] === 'x');
    await kube.api.patch(httpRouteRef('labels'), {
      metadata: { labels: { theirs: 'y' }, annotations: { theirs: 'z' } },
    });
    const none = { [annotations.label]: null, [annotations.hostname]: null };
    await kube.api.patch(aiRouteRef('labels'), { metadata: { annotations: none } });
    const { metadata, spec } = await route(
      'labels',
      'to lose the label',
      (o) => o.metadata.labels?.['label'] === undefined,
    );
    expect(metadata.labels).toEqual({ theirs: 'y' });
    expect(metadata.annotations).toEqual({ theirs: 'z' });
    expect(spec.hostnames).toBeUndefined();
  });

  it('takes over what another field manager wrote, and what of it is too much goes away', async () => {
    // Made before its owner, as a controller of the reference would have left it: an update, not an apply.
    const owner = await kube.api.create(
      aiRoute('taken', { [annotations.label]: 'x', [annotations.hostname]: 'a.test' }),
    );
    const ours = await route('taken', 'to be there', () => true);
    await started.cluster.stop();
    await kube.api.delete(httpRouteRef('taken'));
    const { resourceVersion: _, uid: __, ...metadata } = ours.metadata;
    const before = await kube.api.create<KubeObject>({
      ...ours,
      metadata: { ...metadata, labels: { label: 'x', leftover: 'theirs' }, ownerReferences: [ownerOf(owner)] },
    });
    started = startCluster(kube, 'two');
    const managed = await route('taken', 'to be taken over', (object) => {
      const { managedFields } = object.metadata as { managedFields?: { manager: string; operation: string }[] };
      const isOurs = managedFields?.length === 1 && managedFields[0]?.manager === 'ai-gateway-controller';
      return isOurs && object.metadata.labels?.['leftover'] === undefined;
    });
    // The same object, with the same content.
    expect(managed.metadata.uid).toBe(before.metadata.uid);
    expect(managed.spec).toEqual(ours.spec);
    expect(managed.metadata.labels).toEqual({ label: 'x' });
    await kube.api.patch(aiRouteRef('taken'), { metadata: { annotations: { [annotations.hostname]: null } } });
    await route('taken', 'to lose the hostname', ({ spec }) => spec.hostnames === undefined);
    expect(await writesWithin()).toEqual([]);
  });

  it('never touches an object of the same name that somebody else made, and says so', async () => {
    const foreign: HTTPRoute = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'foreign', namespace: NAMESPACE },
      spec: { hostnames: ['theirs.test'] },
    };
    const { metadata } = await kube.api.create(foreign);
    await kube.api.create(aiRoute('foreign'));
    const object = await condition('foreign', 'to be refused', (type) => type === 'NotAccepted');
    expect(acceptedOf(object)?.message).toBe(
      'cannot write HTTPRoute default/foreign: it has no owner and no mark of ours, so somebody else made it; delete or rename it',
    );
    const untouched = await kube.api.get(httpRouteRef('foreign'));
    expect(untouched?.metadata.resourceVersion).toBe(metadata.resourceVersion);
    // Once it is gone the name is free.
    await kube.api.delete(httpRouteRef('foreign'));
    await accepted('foreign');
  });

  it('shows what the API server refuses in the condition, and its neighbours go on', async () => {
    await kube.api.create(aiRoute('refused', { [annotations.hostname]: 'not a hostname' }));
    await kube.api.create(aiRoute('neighbour'));
    await accepted('neighbour');
    const object = await condition('refused', 'to be refused', (type) => type === 'NotAccepted');
    expect(acceptedOf(object)?.message).toMatch(/cannot write HTTPRoute default\/refused: .*spec\.hostnames\[0\]/);
    await kube.api.patch(aiRouteRef('refused'), { metadata: { annotations: { [annotations.hostname]: 'fine.test' } } });
    await accepted('refused');
  });

  it('reads a Secret only while somebody refers to it', async () => {
    const secret = (name: string, labels: Record<string, string> = {}): Secret => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: NAMESPACE, labels },
      stringData: { a: '1', b: '2' },
    });
    await kube.api.create(secret('referred'));
    await kube.api.create(secret('unrelated'));
    await kube.api.create(secret('labelled', { test: 'own' }));
    const names = () => started.cluster.world.list(kinds.secret).map(({ metadata }) => metadata.name);
    await eventually('the labelled secret', () => names().join() === 'labelled');
    // It is there when the route is first reconciled: the label never says that it is missing.
    const seen: (string | undefined)[] = [];
    await kube.api.create(aiRoute('reader', { [annotations.secret]: 'referred' }));
    const said = (what: string) =>
      route('reader', `to say ${what}`, ({ metadata: { labels } }) => {
        seen.push(labels?.['secret']);
        return labels?.['secret'] === what;
      });
    await said('2');
    expect(new Set(seen)).toEqual(new Set(['2']));
    await kube.api.patch(ref('v1', 'Secret')('referred'), { data: { c: 'eA==' } });
    await said('3');
    await kube.api.delete(ref('v1', 'Secret')('referred'));
    await said('missing');
    await kube.api.create(secret('referred'));
    await said('2');
    await kube.api.delete(aiRouteRef('reader'));
    await eventually('the secret to be forgotten', () => names().join() === 'labelled');
  });

  it('deletes what a root leaves, and lets go of objects that the reference has held', async () => {
    const held = aiRoute('held');
    const finalizers = ['aigateway.envoyproxy.io/finalizer', 'example.com/other'];
    await kube.api.create({ ...held, metadata: { ...held.metadata, finalizers } });
    await route('held', 'to be there', () => true);
    await kube.api.delete(aiRouteRef('held'));
    await kube.api.eventually<AIGatewayRoute, true>(
      aiRouteRef('held'),
      'only the foreign finalizer',
      (object) => object?.metadata.finalizers?.join() === 'example.com/other',
    );
    await kube.api.patch(aiRouteRef('held'), { metadata: { finalizers: null } });
    await kube.api.isGone(aiRouteRef('held'));
    await kube.api.isGone(httpRouteRef('held'));
    expect(await writesWithin()).toEqual([]);
  });

  it('wins against others who write the same object all the time', async () => {
    await kube.api.create(aiRoute('busy'));
    const noise = async (of: ObjectRef) => {
      for (let i = 0; i < 30; i++) await kube.api.patch(of, { metadata: { annotations: { noise: String(i) } } });
    };
    await Promise.all([noise(aiRouteRef('busy')), noise(aiRouteRef('busy'))]);
    await kube.api.patch(aiRouteRef('busy'), {
      spec: { rules: [] },
      metadata: { annotations: { [annotations.hostname]: 'b.test' } },
    });
    await route('busy', 'to have the hostname', ({ spec }) => spec.hostnames?.[0] === 'b.test');
    await accepted('busy');
    expect(await writesWithin()).toEqual([]);
  });

  it('goes on when the API server crashes and comes back', async () => {
    await kube.api.create(aiRoute('before'));
    await accepted('before');
    await kube.stopApiServer('SIGKILL');
    await delay(500);
    await kube.startApiServer();
    await kube.api.create(aiRoute('after'));
    await kube.api.patch(httpRouteRef('before'), { spec: { hostnames: ['while-away.test'] } });
    await accepted('after');
    await route('before', 'to be restored', ({ spec }) => spec.hostnames === undefined);
    expect(await writesWithin()).toEqual([]);
  }, 90_000);

  it('watches a kind that is installed later', async () => {
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: 'inferencepools.inference.networking.k8s.io',
    };
    const { metadata, ...definition } = (await kube.api.get<KubeObject>(crd))!;
    await kube.api.delete(crd);
    await kube.api.isGone(crd);
    const other = startCluster(kube, 'three', { parts: { controllers: [] } });
    try {
      await eventually('the cluster to be synced', () => other.cluster.isSynced, 15_000);
      await kube.api.create({ ...definition, metadata: { name: crd.name, annotations: metadata.annotations ?? {} } });
      const pool = await eventually('the pool to be accepted', () =>
        kube.api.create<KubeObject & { readonly spec: object }>({
          apiVersion: 'inference.networking.k8s.io/v1',
          kind: 'InferencePool',
          metadata: { name: 'late', namespace: NAMESPACE },
          spec: {
            selector: { matchLabels: { app: 'x' } },
            targetPorts: [{ number: 8000 }],
            endpointPickerRef: { name: 'epp', port: { number: 9002 } },
          },
        }),
      );
      const seen = await eventually('the pool to be seen', () =>
        other.cluster.world.get(kinds.inferencePool, NAMESPACE, 'late'),
      );
      expect(seen.metadata.uid).toBe(pool.metadata.uid);
    } finally {
      await other.cluster.stop();
    }
  }, 60_000);
});
