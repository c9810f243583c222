import { describe, expect, it } from '@jest/globals';
import { TEST_OPTIONS } from '../../../../test/harness/routing-options.js';
import { keyOf, type ObjectMeta } from '../../../shared/api/kube-object.js';
import type { DaemonSet, Deployment, Pod } from '../../../shared/api/workloads.js';
import { extProcConfigHash, type ExtProcInputs } from '../../../shared/extproc-pod/inputs.js';
import { planRollOut, RESTART_AGAIN_AFTER_MS, type RollOut } from './roll-out.js';

const NOW = new Date('2026-05-06T07:08:09Z');
const UUID = 'aigateway.envoyproxy.io/uuid';
const HASH = 'aigateway.envoyproxy.io/extproc-config-hash';
const CONTAINER: ExtProcInputs = { settings: TEST_OPTIONS.extProc, overrides: undefined, needsMcp: false };
const WANTED = extProcConfigHash(CONTAINER);
const IMAGE = TEST_OPTIONS.extProc.image;

type Annotations = Readonly<Record<string, string>>;

const deployment = (annotations: Annotations = {}, status: Deployment['status'] = {}): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'envoy', namespace: 'eg', generation: 3 },
  spec: { template: { metadata: { annotations } } },
  status: { observedGeneration: 3, replicas: 1, updatedReplicas: 1, ...status },
});
const daemonSet = (status: DaemonSet['status']): DaemonSet => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'envoy', namespace: 'eg', generation: 3 },
  spec: { template: {} },
  ...(status && { status }),
});

let count = 0;
const pod = (spec: Pod['spec'], annotations: Annotations = {}, metadata: Partial<ObjectMeta> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `p${++count}`, namespace: 'eg', uid: `uid-${count}`, annotations, ...metadata },
  spec: spec ?? {},
});
const processor = (more: { image?: string; args?: readonly string[] } = {}) => ({
  name: 'ai-gateway-extproc',
  image: IMAGE,
  args: ['-logLevel', 'info'],
  ...more,
});
const bare = (annotations: Annotations = {}, metadata: Partial<ObjectMeta> = {}) =>
  pod({ containers: [{ name: 'envoy' }] }, annotations, metadata);
const injected = (annotations: Annotations = { [HASH]: WANTED }, more: Parameters<typeof processor>[0] = {}) =>
  pod({ initContainers: [processor(more)], containers: [{ name: 'envoy' }] }, annotations);

const plan = (
  pods: readonly Pod[],
  workloads: readonly (Deployment | DaemonSet)[],
  more: { container?: ExtProcInputs | undefined; configId?: string; isHeld?: boolean } = { container: CONTAINER },
): RollOut =>
  planRollOut({
    proxies: { namespace: 'eg', pods, workloads, isShared: false },
    container: more.container,
    configId: more.configId,
    now: NOW,
    ...(more.isHeld !== undefined && { isHeld: more.isHeld }),
  });

/** What is written into the templates. */
const written = ({ patches }: RollOut) =>
  patches.filter(({ object }) => object.startsWith('apps/')).map(({ patch }) => JSON.stringify(patch));
const hashPatch = (hash: string | null) =>
  JSON.stringify({ spec: { template: { metadata: { annotations: { [HASH]: hash } } } } });
const uuidPatch =
  /^{"spec":{"template":{"metadata":{"annotations":{"aigateway.envoyproxy.io\/uuid":"[0-9a-f-]{36}"}}}}}$/;

describe('planRollOut', () => {
  it('lets pods be as they are while that is asked for, and tells them of a new config all the same', () => {
    const pods = [injected()];
    const workloads = [deployment({ [HASH]: WANTED })];
    expect(written(plan(pods, workloads, { configId: 'new' }))).toEqual([hashPatch(null)]);
    const held = plan(pods, workloads, { configId: 'new', isHeld: true });
    expect(held).toMatchObject({ isWaiting: true, restarted: [], bare: [] });
    expect(held.patches).toEqual([
      { object: keyOf(pods[0]!), patch: { metadata: { annotations: { [UUID]: 'new' } } } },
    ]);
  });

  it.each<[string, readonly Pod[], Deployment, readonly unknown[]]>([
    ['pods are as they should be', [injected()], deployment({ [HASH]: WANTED }), []],
    ['pods lack the container', [bare()], deployment(), [hashPatch(WANTED)]],
    ['one of two pods lacks it', [bare(), injected()], deployment(), [hashPatch(WANTED)]],
    ['pods carry another hash', [injected({ [HASH]: 'old' })], deployment({ [HASH]: 'old' }), [hashPatch(WANTED)]],
    [
      'the template has the hash and a pod lacks the container',
      [bare()],
      deployment({ [HASH]: WANTED }),
      [expect.stringMatching(uuidPatch)],
    ],
    [
      'a pod of the reference has another image',
      [injected({}, { image: 'old' })],
      deployment({ [HASH]: WANTED }),
      [expect.stringMatching(uuidPatch)],
    ],
    [
      'a pod of the reference has another log level',
      [injected({}, { args: ['-logLevel', 'debug'] })],
      deployment({ [HASH]: WANTED }),
      [expect.stringMatching(uuidPatch)],
    ],
    [
      'a pod of the reference serves MCP',
      [injected({}, { args: ['-logLevel', 'info', '-mcpAddr', ':1'] })],
      deployment({ [HASH]: WANTED }),
      [expect.stringMatching(uuidPatch)],
    ],
    [
      'a pod without annotation looks right and its template is right',
      [injected({})],
      deployment({ [HASH]: WANTED }),
      [],
    ],
    ['there are no pods and no hash', [], deployment(), []],
    ['there are no pods and the hash is right', [], deployment({ [HASH]: WANTED }), []],
    ['there are no pods and the hash is another one', [], deployment({ [HASH]: 'old' }), [hashPatch(WANTED)]],
  ])('writes into the template what is needed when %s', (_, pods, workload, expected) => {
    expect(written(plan(pods, [workload]))).toEqual(expected);
  });

  it.each<[string, Deployment | DaemonSet, boolean]>([
    ['a Deployment has an older observedGeneration', deployment({}, { observedGeneration: 2 }), true],
    ['a Deployment has not updated all replicas', deployment({}, { replicas: 2, updatedReplicas: 1 }), true],
    ['a Deployment has updated all replicas', deployment({}, { replicas: 2, updatedReplicas: 2 }), false],
    ['a DaemonSet was never observed', daemonSet({}), false],
    ['a DaemonSet has an older observedGeneration', daemonSet({ observedGeneration: 2 }), true],
    ['a DaemonSet has pods to update', daemonSet({ observedGeneration: 3, currentNumberScheduled: 2 }), true],
    [
      'a DaemonSet is through',
      daemonSet({ observedGeneration: 3, currentNumberScheduled: 2, updatedNumberScheduled: 2 }),
      false,
    ],
  ])('waits for a roll-out under way, and only then, when %s', (_, workload, isWaiting) => {
    const result = plan([bare()], [workload]);
    expect(result.isWaiting).toBe(isWaiting);
    expect(written(result)).toEqual(isWaiting ? [] : [hashPatch(WANTED)]);
  });

  it('removes hash and container when no route is left', () => {
    expect(written(plan([injected()], [deployment({ [HASH]: WANTED })], {}))).toEqual([hashPatch(null)]);
    expect(written(plan([injected()], [deployment()], {}))).toEqual([expect.stringMatching(uuidPatch)]);
    expect(written(plan([bare()], [deployment()], {}))).toEqual([]);
  });

  it('tells the config to pods with a processor that do not know it, even while a roll-out is under way', () => {
    const [told, untold] = [injected({ [HASH]: WANTED, [UUID]: 'id' }), injected()];
    const { patches } = plan([told, untold, bare()], [deployment({}, { observedGeneration: 1 })], {
      container: CONTAINER,
      configId: 'id',
    });
    expect(patches).toEqual([
      { object: `/Pod/eg/${untold.metadata.name}`, patch: { metadata: { annotations: { [UUID]: 'id' } } } },
    ]);
  });

  it('wants nothing more after its own patch, for the same pods', () => {
    const pods = [bare()];
    const [patch] = plan(pods, [deployment({ [HASH]: WANTED })]).patches;
    const { annotations } = (patch!.patch as { spec: { template: { metadata: { annotations: Annotations } } } }).spec
      .template.metadata;
    expect(plan(pods, [deployment({ [HASH]: WANTED, ...annotations })]).patches).toEqual([]);
  });

  it('restarts pods that came bare from a restart once in five minutes at most', () => {
    const template = { [HASH]: WANTED, [UUID]: 'restarted' };
    const at = (ageMs: number) => ({ creationTimestamp: new Date(NOW.getTime() - ageMs).toISOString() });
    const young = plan([bare(template, at(1_000))], [deployment(template)]);
    expect(written(young)).toEqual([]);
    expect(young.bare).toHaveLength(1);
    const old = plan([bare(template, at(RESTART_AGAIN_AFTER_MS))], [deployment(template)]);
    expect(written(old)).toEqual([expect.stringMatching(uuidPatch)]);
    // One that came bare by a scale-up is replaced at once.
    expect(written(plan([bare({ [HASH]: WANTED }, at(1_000))], [deployment({ [HASH]: WANTED })]))).toHaveLength(1);
  });
});
