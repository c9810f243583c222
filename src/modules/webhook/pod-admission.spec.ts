import { describe, expect, it } from '@jest/globals';
import { applyJsonPatch } from '../../../test/harness/json-patch.js';
import { TEST_OPTIONS } from '../../../test/harness/routing-options.js';
import type { GroupKind, KubeObject, ObjectMeta } from '../../shared/api/kube-object.js';
import { snapshotOf } from '../../shared/api/snapshot.js';
import { configSecretNames } from '../../shared/extproc-pod/names.js';
import { admitPod, type PodAdmissionOptions } from './pod-admission.js';

const NAMESPACE = 'envoy-gateway-system';

const object = (
  apiVersion: string,
  kind: string,
  name: string,
  more: object = {},
  metadata: Partial<ObjectMeta> = {},
) => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'default', ...metadata },
  ...more,
});
const gateway = (name = 'gw', annotations = {}) =>
  object('gateway.networking.k8s.io/v1', 'Gateway', name, { spec: { gatewayClassName: 'eg' } }, { annotations });
const route = (parent = 'gw', metadata: Partial<ObjectMeta> = {}) =>
  object(
    'aigateway.envoyproxy.io/v1beta1',
    'AIGatewayRoute',
    'llm',
    { spec: { parentRefs: [{ name: parent }] } },
    metadata,
  );
const secret = (name: string) => object('v1', 'Secret', name, {}, { namespace: NAMESPACE });
const INDEX = secret(configSecretNames.index('default', 'gw'));
const LEGACY = secret(configSecretNames.legacy('default', 'gw'));
const CONFIG = object('aigateway.envoyproxy.io/v1beta1', 'GatewayConfig', 'tuned', {
  spec: { extProc: { kubernetes: { image: 'tuned:v1' } } },
});

const LABELS = {
  'gateway.envoyproxy.io/owning-gateway-name': 'gw',
  'gateway.envoyproxy.io/owning-gateway-namespace': 'default',
};
/** As the API server sends one of a Deployment: without name and namespace. */
const pod = (labels: Readonly<Record<string, string>> = LABELS): KubeObject => {
  const made = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: '', labels },
    spec: { containers: [{ name: 'envoy' }] },
  };
  return made;
};

interface Seen {
  readonly lists: string[];
  readonly gets: string[];
}

function options(
  cached: readonly KubeObject[],
  live: readonly KubeObject[] = cached,
  more: Partial<PodAdmissionOptions> = {},
): { readonly options: PodAdmissionOptions; readonly seen: Seen } {
  const seen: Seen = { lists: [], gets: [] };
  const world = snapshotOf(live);
  return {
    seen,
    options: {
      settings: TEST_OPTIONS.extProc,
      isSidecarMode: true,
      hasNativeSidecars: true,
      world: () => snapshotOf(cached),
      live: {
        list: async (type: GroupKind) => {
          seen.lists.push(type.kind);
          return world.list(type);
        },
        get: async (type, namespace, name) => {
          seen.gets.push(`${type.kind} ${namespace}/${name}`);
          return world.get(type, namespace, name);
        },
      },
      ...more,
    },
  };
}

const request = (object: KubeObject) => ({ uid: 'u', operation: 'CREATE', namespace: NAMESPACE, object });

async function processorOf(admission: PodAdmissionOptions, admitted = pod()) {
  const { allowed, patch } = await admitPod(request(admitted), admission);
  expect(allowed).toBe(true);
  if (patch === undefined || patch.length === 0) return undefined;
  const { spec } = applyJsonPatch(admitted, patch) as KubeObject & {
    spec: { initContainers: readonly { name: string; image: string; args: readonly string[] }[] };
  };
  return spec.initContainers[0];
}

describe('admitPod', () => {
  it('injects when a route is attached and the config is there', async () => {
    const { options: admission, seen } = options([gateway(), route(), INDEX]);
    expect(await processorOf(admission)).toMatchObject({ image: TEST_OPTIONS.extProc.image });
    expect(seen.lists).toEqual([]);
  });

  it.each<[string, readonly KubeObject[], readonly string[]]>([
    ['bundle', [INDEX], ['-configBundlePath']],
    ['bundle and legacy Secret', [INDEX, LEGACY], ['-configBundlePath']],
    ['legacy Secret alone', [LEGACY], ['-configPath']],
  ])('reads the %s', async (_, secrets, flag) => {
    const processor = await processorOf(options([gateway(), route(), ...secrets]).options);
    expect(processor?.args.slice(0, 1)).toEqual(flag);
  });

  it.each<[string, readonly KubeObject[], KubeObject, Partial<PodAdmissionOptions>]>([
    ['it is no proxy', [gateway(), route(), INDEX], pod({}), {}],
    [
      'it is a proxy without a Gateway, such as the rate limit service',
      [gateway(), route(), INDEX],
      pod({ 'app.kubernetes.io/managed-by': 'envoy-gateway' }),
      {},
    ],
    ['no route is attached', [gateway(), route('other'), INDEX], pod(), {}],
    [
      'the only route is being deleted',
      [gateway(), route('gw', { deletionTimestamp: '2026-01-01T00:00:00Z' }), INDEX],
      pod(),
      {},
    ],
    ['the config is not there yet', [gateway(), route()], pod(), {}],
    [
      'the config is in another namespace',
      [gateway(), route(), { ...INDEX, metadata: { ...INDEX.metadata, namespace: 'default' } }],
      pod(),
      {},
    ],
    ['processors run as Deployments', [gateway(), route(), INDEX], pod(), { isSidecarMode: false }],
  ])('lets a pod pass as it is when %s', async (_, objects, admitted, more) => {
    expect(await processorOf(options(objects, objects, more).options, admitted)).toBeUndefined();
  });

  it('asks the API server for what the cache does not know yet', async () => {
    const live = [gateway('gw', { 'aigateway.envoyproxy.io/gateway-config': 'tuned' }), CONFIG, route(), INDEX];
    const { options: admission, seen } = options([], live);
    expect(await processorOf(admission)).toMatchObject({ image: 'tuned:v1' });
    expect(seen.lists).toEqual(['AIGatewayRoute']);
    expect(seen.gets).toContain('GatewayConfig default/tuned');
  });

  it.each<[string, readonly KubeObject[], string]>([
    ['is there', [CONFIG], 'tuned:v1'],
    ['is missing', [], TEST_OPTIONS.extProc.image],
  ])('takes the image of the GatewayConfig, or of the flags, when it %s', async (_, configs, image) => {
    const annotated = gateway('gw', { 'aigateway.envoyproxy.io/gateway-config': 'tuned' });
    expect(await processorOf(options([annotated, route(), INDEX, ...configs]).options)).toMatchObject({ image });
  });

  it('gives a proxy that Gateways share the config of the first one, when any of them has a route', async () => {
    const objects = [gateway('gw'), gateway('zz'), route('zz'), INDEX];
    const shared = pod({ 'gateway.envoyproxy.io/owning-gatewayclass': 'eg' });
    expect(await processorOf(options(objects).options, shared)).toBeDefined();
    const none = pod({ 'gateway.envoyproxy.io/owning-gatewayclass': 'other' });
    expect(await processorOf(options(objects).options, none)).toBeUndefined();
  });

  it('rejects with the error of the API server, for its status', async () => {
    const failing = options([], [], {
      live: {
        list: () => Promise.reject(Object.assign(new Error('busy'), { status: 429 })),
        get: () => Promise.resolve(undefined),
      },
    });
    await expect(admitPod(request(pod()), failing.options)).rejects.toMatchObject({ status: 429 });
  });
});
