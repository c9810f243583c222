import { describe, expect, it } from '@jest/globals';
import { applyJsonPatch } from '../../../../test/harness/json-patch.js';
import { TEST_OPTIONS } from '../../../../test/harness/routing-options.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { extProcConfigHash } from '../../../shared/extproc-pod/inputs.js';
import { injectProcessor, type Injection } from './inject-processor.js';

interface Pod extends KubeObject {
  readonly spec: {
    readonly containers: readonly { readonly name: string; readonly volumeMounts?: readonly object[] }[];
    readonly initContainers?: readonly { readonly name: string; readonly restartPolicy?: string }[];
    readonly volumes?: readonly { readonly name: string }[];
    readonly imagePullSecrets?: readonly { readonly name: string }[];
  };
}

const injection = (more: Partial<Injection> = {}): Injection => ({
  gateway: { namespace: 'default', name: 'gw' },
  inputs: {
    settings: { ...TEST_OPTIONS.extProc, imagePullSecrets: ['pull', 'known'] },
    overrides: undefined,
    needsMcp: false,
  },
  hasBundle: true,
  hasLegacy: false,
  listenAddress: 'unix:///etc/ai-gateway-extproc-uds/run.sock',
  hasNativeSidecars: true,
  ...more,
});

const pod = (spec: Partial<Pod['spec']> = {}, metadata: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...metadata },
  spec: { containers: [{ name: 'shutdown-manager' }, { name: 'envoy' }], ...spec },
});

const FULL = pod(
  {
    containers: [{ name: 'envoy', volumeMounts: [{ name: 'sds', mountPath: '/sds' }] }],
    initContainers: [{ name: 'init' }],
    volumes: [{ name: 'sds' }],
    imagePullSecrets: [{ name: 'known' }],
  },
  { annotations: { a: 'b', 'aigateway.envoyproxy.io/extproc-config-hash': 'of the template' } },
);

const injected = (into: Pod, more: Partial<Injection> = {}): Pod =>
  applyJsonPatch(into, injectProcessor(into, injection(more)));
const names = (list: readonly { readonly name: string }[] | undefined) => list?.map(({ name }) => name);

const SOCKET_MOUNT = { name: 'ai-gateway-extproc-uds', mountPath: '/etc/ai-gateway-extproc-uds' };
const VOLUMES = ['ai-gateway-extproc-uds', 'ai-gateway-gw-default-3d45476e8d68-bundle'];

describe('injectProcessor', () => {
  it('makes every list that a pod lacks', () => {
    const { spec, metadata } = injected(pod());
    expect(names(spec.volumes)).toEqual(VOLUMES);
    expect(names(spec.imagePullSecrets)).toEqual(['pull', 'known']);
    expect(spec.containers).toEqual([{ name: 'shutdown-manager' }, { name: 'envoy', volumeMounts: [SOCKET_MOUNT] }]);
    expect(spec.initContainers).toMatchObject([{ name: 'ai-gateway-extproc', restartPolicy: 'Always' }]);
    expect(metadata.annotations).toEqual({
      'aigateway.envoyproxy.io/extproc-config-hash': extProcConfigHash(injection().inputs),
    });
  });

  it('adds to the lists that a pod has, and keeps what is in them', () => {
    const { spec, metadata } = injected(FULL, { hasLegacy: true });
    expect(names(spec.volumes)).toEqual(['sds', VOLUMES[0], 'ai-gateway-gw-default-3d45476e8d68', VOLUMES[1]]);
    expect(names(spec.imagePullSecrets)).toEqual(['known', 'pull']);
    expect(spec.containers).toEqual([
      { name: 'envoy', volumeMounts: [{ name: 'sds', mountPath: '/sds' }, SOCKET_MOUNT] },
    ]);
    expect(names(spec.initContainers)).toEqual(['init', 'ai-gateway-extproc']);
    expect(metadata.annotations).toEqual({
      a: 'b',
      'aigateway.envoyproxy.io/extproc-config-hash': extProcConfigHash(injection().inputs),
    });
  });

  it('puts a plain container beside Envoy where the cluster has no native sidecars', () => {
    const { spec } = injected(pod(), { hasNativeSidecars: false });
    expect(names(spec.containers)).toEqual(['shutdown-manager', 'envoy', 'ai-gateway-extproc']);
    expect(spec.containers[2]).not.toHaveProperty('restartPolicy');
    expect(spec.initContainers).toBeUndefined();
  });

  it.each([
    ['a native sidecar', FULL, true],
    ['a plain container', FULL, false],
    ['the native sidecar of another installation', injected(FULL), false],
  ])('changes nothing in a pod that carries it already: %s', (_, into, hasNativeSidecars) => {
    const once = injected(into, { hasNativeSidecars });
    expect(injectProcessor(once, injection({ hasNativeSidecars }))).toEqual([]);
  });

  it('keeps a volume and a mount of the socket that a pod brings', () => {
    const volume = { name: 'ai-gateway-extproc-uds', emptyDir: { medium: 'Memory' } };
    const { spec } = injected(
      pod({ volumes: [volume], containers: [{ name: 'envoy', volumeMounts: [SOCKET_MOUNT] }] }),
      { hasNativeSidecars: false },
    );
    expect(spec.volumes?.slice(0, 1)).toEqual([volume]);
    expect(names(spec.volumes)).toEqual(VOLUMES);
    expect(spec.containers[0]).toEqual({ name: 'envoy', volumeMounts: [SOCKET_MOUNT] });
    expect(names(spec.containers)).toEqual(['envoy', 'ai-gateway-extproc']);
  });

  it('adds no pull secrets when there are none', () => {
    const settings = TEST_OPTIONS.extProc;
    const inputs = { settings, overrides: undefined, needsMcp: false };
    expect(injected(pod(), { inputs }).spec.imagePullSecrets).toBeUndefined();
  });
});
