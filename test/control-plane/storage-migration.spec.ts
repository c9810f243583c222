import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ClusterClient } from '../../src/modules/crd/connection/cluster-client.js';
import { loadClusterConnection } from '../../src/modules/crd/connection/kube-config.js';
import { MIGRATION_LIMITS, StorageMigration, type StoredDefinition } from '../../src/modules/crd/storage-migration.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { eventually } from '../harness/eventually.js';
import type { ObjectRef } from '../harness/kube/api.js';
import { installCrds } from '../harness/kube/install-crds.js';
import { KubeCluster } from '../harness/kube/kube-cluster.js';
import { KubeApiError } from '../harness/kube/kube-transport.js';
import { startCluster } from './seam-world.js';

const GROUP = 'aigateway.envoyproxy.io';
const SPECS = {
  AIGatewayRoute: { parentRefs: [{ name: 'g', kind: 'Gateway', group: 'gateway.networking.k8s.io' }], rules: [] },
  AIServiceBackend: {
    schema: { name: 'OpenAI' },
    backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'b' },
  },
  BackendSecurityPolicy: { type: 'APIKey', apiKey: { secretRef: { name: 's' } } },
  GatewayConfig: { forwardProxy: { address: 'proxy:3128' } },
  MCPRoute: {
    parentRefs: [{ name: 'g', kind: 'Gateway', group: 'gateway.networking.k8s.io' }],
    backendRefs: [{ name: 'a', port: 80 }],
  },
} as const;
type Kind = keyof typeof SPECS;
const KINDS = Object.keys(SPECS) as readonly Kind[];
const PLURALS: Readonly<Record<Kind | 'QuotaPolicy', string>> = {
  AIGatewayRoute: 'aigatewayroutes',
  AIServiceBackend: 'aiservicebackends',
  BackendSecurityPolicy: 'backendsecuritypolicies',
  GatewayConfig: 'gatewayconfigs',
  MCPRoute: 'mcproutes',
  QuotaPolicy: 'quotapolicies',
};
const FAST = { ...MIGRATION_LIMITS, pageSize: 2, restMs: 0 };

const crdRef = (kind: Kind | 'QuotaPolicy'): ObjectRef => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: `${PLURALS[kind]}.${GROUP}`,
});
const ref = (kind: Kind | 'QuotaPolicy', name: string, version = 'v1beta1'): ObjectRef => ({
  apiVersion: `${GROUP}/${version}`,
  kind,
  namespace: 'default',
  name,
});

/** Kinds of CRDs are served a moment after the API server is. */
function missing(error: unknown): undefined {
  if (!(error instanceof KubeApiError && error.status === 404)) throw error;
}

interface Version {
  readonly name: string;
  readonly storage: boolean;
}
interface Definition extends StoredDefinition {
  readonly spec: { readonly versions: readonly Version[] };
}

describe('the migration of stored objects', () => {
  let kube: KubeCluster;
  let client: ClusterClient;
  const lines: Record<string, unknown>[] = [];

  beforeAll(async () => {
    kube = await KubeCluster.start();
    await installCrds(kube.api);
    client = new ClusterClient(loadClusterConnection({ KUBECONFIG: kube.kubeconfig }));
  }, 120_000);

  afterAll(async () => {
    client.close();
    await kube.stop();
  });

  const logger = pino(
    { level: 'info' },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const migration = (limits = FAST, own = client) => new StorageMigration({ client: own, logger, limits });
  const definition = (kind: Kind | 'QuotaPolicy') => kube.api.exists<Definition>(crdRef(kind));
  const stored = async (kind: Kind | 'QuotaPolicy') => (await definition(kind)).status?.storedVersions;

  /**
   * From now on the API server stores objects of the kind in this version. It takes a changed CRD up a moment later: then the
   * empty patch of an object that is stored in the other one is a write.
   */
  async function store(kind: Kind, version: string): Promise<void> {
    const probe = await kube.api.create(objectOf(kind, 'probe'));
    const { spec } = await definition(kind);
    const versions = spec.versions.map((one) => ({ ...one, storage: one.name === version }));
    await kube.api.patch(crdRef(kind), { spec: { versions } });
    await eventually(`${kind} to be stored as ${version}`, async () => {
      const { metadata } = await kube.api.patch(ref(kind, 'probe'), {});
      return metadata.resourceVersion !== probe.metadata.resourceVersion;
    });
    await kube.api.delete(ref(kind, 'probe'));
  }

  const objectOf = (kind: Kind, name: string, version?: string): KubeObject => {
    const { apiVersion, namespace = '' } = ref(kind, name, version);
    return Object.assign({ apiVersion, kind, metadata: { name, namespace } }, { spec: SPECS[kind] });
  };

  /** Objects of a former release: written while v1alpha1 was stored. */
  async function formerObjects(kind: Kind, names: readonly string[]): Promise<readonly KubeObject[]> {
    await store(kind, 'v1alpha1');
    const created: KubeObject[] = [];
    for (const name of names) {
      await kube.api.create(objectOf(kind, name, 'v1alpha1'));
      created.push(await kube.api.exists(ref(kind, name)));
    }
    await store(kind, 'v1beta1');
    return created;
  }

  const contentOf = ({ metadata, ...rest }: KubeObject) => {
    const { resourceVersion: _, ...kept } = metadata;
    return { ...rest, metadata: kept };
  };

  /** The API server takes a version away only when the list does not name it, and can read no object that is stored in it. */
  async function dropFormerVersion(kind: Kind): Promise<void> {
    const { spec } = await definition(kind);
    await kube.api.patch(crdRef(kind), { spec: { versions: spec.versions.filter(({ storage }) => storage) } });
  }

  it('rewrites the objects of every kind, changes nothing in them, and takes the former version off the list', async () => {
    const before = new Map<Kind, readonly KubeObject[]>();
    for (const kind of KINDS) before.set(kind, await formerObjects(kind, ['a', 'b', 'c']));
    const quota = { limit: 10, duration: '1m' };
    const policy = await kube.api.create<KubeObject & { readonly spec: object }>({
      apiVersion: `${GROUP}/v1alpha1`,
      kind: 'QuotaPolicy',
      metadata: { name: 'q', namespace: 'default' },
      spec: {
        targetRefs: [{ group: GROUP, kind: 'AIServiceBackend', name: 'a' }],
        serviceQuota: { quota },
      },
    });
    for (const kind of KINDS) expect([...((await stored(kind)) ?? [])].sort()).toEqual(['v1alpha1', 'v1beta1']);

    await migration().run(new AbortController().signal);

    for (const kind of KINDS) {
      expect([kind, await stored(kind)]).toEqual([kind, ['v1beta1']]);
      for (const former of before.get(kind)!) {
        const now = await kube.api.exists(ref(kind, former.metadata.name));
        expect(contentOf(now)).toEqual(contentOf(former));
        expect(now.metadata.resourceVersion).not.toBe(former.metadata.resourceVersion);
      }
      await dropFormerVersion(kind);
      await eventually(`${kind} without v1alpha1`, async () => (await definition(kind)).spec.versions.length === 1);
    }
    // All are read in the version that is left, from what is stored: nothing is in the memory of a new API server.
    await kube.stopApiServer('SIGKILL');
    await kube.startApiServer();
    for (const kind of KINDS) {
      const { apiVersion } = ref(kind, '');
      const names = await eventually(`${kind} to be served again`, async () => {
        const found = await kube.api.list({ apiVersion, kind }, { namespace: 'default' }).catch(missing);
        return found?.map(({ metadata }) => metadata.name).sort();
      });
      expect([kind, names]).toEqual([kind, ['a', 'b', 'c']]);
    }
    // A kind of one version is left alone.
    expect(await stored('QuotaPolicy')).toEqual(['v1alpha1']);
    const untouched = await kube.api.exists(ref('QuotaPolicy', 'q', 'v1alpha1'));
    expect(untouched.metadata.resourceVersion).toBe(policy.metadata.resourceVersion);
    const done = lines.filter(({ msg }) => msg === 'migrated the stored objects');
    expect(done.map(({ crd, objects }) => [crd, objects])).toEqual(
      KINDS.map((kind) => [`${PLURALS[kind]}.${GROUP}`, 3]),
    );
    await installCrds(kube.api);
  }, 120_000);

  it('goes on where it was ended, and writes nothing twice', async () => {
    const former = await formerObjects('GatewayConfig', ['r1', 'r2', 'r3']);
    const ended = new AbortController();
    // Ends after the first object, which is the first one by name: those of the former test are gone.
    const versions = async () =>
      await Promise.all(
        former.map(
          async ({ metadata }) => (await kube.api.exists(ref('GatewayConfig', metadata.name))).metadata.resourceVersion,
        ),
      );
    for (const name of ['a', 'b', 'c']) await kube.api.delete(ref('GatewayConfig', name));
    const running = migration({ ...FAST, restMs: 60_000 }).run(ended.signal);
    await eventually('the first object', async () => (await versions())[0] !== former[0]!.metadata.resourceVersion);
    ended.abort();
    await running;
    const between = await versions();
    expect(between.slice(1)).toEqual(former.slice(1).map(({ metadata }) => metadata.resourceVersion));
    expect(await stored('GatewayConfig')).toContain('v1alpha1');

    await migration().run(new AbortController().signal);
    const after = await versions();
    expect(after[0]).toBe(between[0]);
    expect(after[1]).not.toBe(between[1]);
    expect(await stored('GatewayConfig')).toEqual(['v1beta1']);
  }, 60_000);

  it('gives up with a warning that names the flag when the rights are missing, and the controller goes on', async () => {
    await formerObjects('AIServiceBackend', ['kept']);
    const connection = loadClusterConnection({ KUBECONFIG: await kube.kubeconfigOf('default', 'no-rights') });
    const powerless = new ClusterClient(connection);
    lines.length = 0;
    await migration(FAST, powerless).run(new AbortController().signal);
    powerless.close();
    expect(await stored('AIServiceBackend')).toContain('v1alpha1');
    const [warning] = lines;
    expect(warning).toMatchObject({
      level: 40,
      crd: `${PLURALS.AIGatewayRoute}.${GROUP}`,
      msg: 'cannot migrate the stored objects; the flag -migrateStorageVersions=false turns this off',
    });
    expect(warning?.['reason']).toContain('403');
  }, 60_000);

  it('is done by the leader, when it is told to', async () => {
    await formerObjects('MCPRoute', ['led']);
    const idle = startCluster(kube, 'idle');
    await eventually('it to lead', () => idle.cluster.isLeader, 15_000);
    await idle.cluster.stop();
    expect(await stored('MCPRoute')).toContain('v1alpha1');
    const migrating = startCluster(kube, 'migrating', { migrates: true });
    await eventually('the list to be trimmed', async () => (await stored('MCPRoute'))?.length === 1, 15_000);
    await migrating.cluster.stop();
  }, 60_000);
});
