import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { checkGolden, goldenCases } from '../../../test/harness/golden.js';
import { applyJsonPatch } from '../../../test/harness/json-patch.js';
import { TEST_OPTIONS } from '../../../test/harness/routing-options.js';
import type { KubeObject } from '../../shared/api/kube-object.js';
import { snapshotOf } from '../../shared/api/snapshot.js';
import type { Container } from '../../shared/api/workloads.js';
import type { ExtProcSettings } from '../../shared/extproc-pod/inputs.js';
import { EXTPROC_CONTAINER, podAnnotations } from '../../shared/extproc-pod/names.js';
import { admitPod } from './pod-admission.js';

const CASES = goldenCases(join(import.meta.dirname, 'testdata'));

interface CaseOptions {
  /** Flags that differ from the defaults. */
  readonly settings?: Partial<ExtProcSettings>;
  /** The cache has seen nothing yet. */
  readonly isCacheEmpty?: boolean;
}

interface Pod extends KubeObject {
  readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
}

interface World {
  readonly pod: Pod;
  readonly objects: readonly KubeObject[];
  readonly options: CaseOptions;
}

/** The Pod of a case is the one to be admitted; all else is in the cluster. `options: {…}` holds what is no object. */
function read(text: string): World {
  const documents = parseAllDocuments(text).map((one) => one.toJS() as KubeObject & { options?: CaseOptions });
  const pod = documents.find(({ kind }) => kind === 'Pod') as Pod | undefined;
  if (pod === undefined) throw new Error('a case needs a Pod');
  return {
    pod,
    objects: documents.filter(({ kind }) => kind !== undefined && kind !== 'Pod'),
    options: Object.assign({}, ...documents.map(({ options }) => options)) as CaseOptions,
  };
}

async function admitted({ pod, objects, options }: World, hasNativeSidecars: boolean): Promise<Pod> {
  const world = snapshotOf(objects);
  const { settings, isCacheEmpty = false } = options;
  const verdict = await admitPod(
    { uid: 'u', operation: 'CREATE', namespace: 'envoy-gateway-system', object: pod },
    {
      settings: { ...TEST_OPTIONS.extProc, ...settings },
      isSidecarMode: true,
      hasNativeSidecars,
      world: () => (isCacheEmpty ? snapshotOf([]) : world),
      live: {
        list: (type) => Promise.resolve(world.list(type)),
        get: (type, namespace, name) => Promise.resolve(world.get(type, namespace, name)),
      },
    },
  );
  expect(verdict.allowed).toBe(true);
  return applyJsonPatch(pod, verdict.patch ?? []);
}

const without = (containers: readonly Container[] = []) => containers.filter(({ name }) => name !== EXTPROC_CONTAINER);

describe('admitPod', () => {
  it.each(CASES)('gives the golden pod when the world is $name', async ({ inputText, outputPath }) => {
    const world = read(inputText);
    const pod = await admitted(world, true);
    checkGolden(outputPath('yaml'), stringify(pod, { aliasDuplicateObjects: false, lineWidth: 0 }));
    expect(pod.metadata.labels).toEqual(world.pod.metadata.labels);
  });

  it.each(CASES)('gives $name the same container beside Envoy where there are no native sidecars', async (one) => {
    const world = read(one.inputText);
    const [native, plain] = [await admitted(world, true), await admitted(world, false)];
    const sidecar = native.spec.initContainers?.find(({ name }) => name === EXTPROC_CONTAINER);
    const expected = sidecar && { ...sidecar, restartPolicy: undefined };
    const { initContainers: _, ...spec } = native.spec;
    const others = without(native.spec.initContainers);
    expect(plain).toEqual({
      ...native,
      spec: {
        ...spec,
        ...(others.length > 0 && { initContainers: others }),
        containers: expected ? [...native.spec.containers, expected] : native.spec.containers,
      },
    });
  });

  it('gives the same hash whichever config is there', async () => {
    const names = ['default', 'bundle-and-legacy', 'legacy-alone'];
    const worlds = CASES.filter(({ name }) => names.includes(name)).map(({ inputText }) => read(inputText));
    const pods = await Promise.all(worlds.map((world) => admitted(world, true)));
    const hashes = pods.map(({ metadata }) => metadata.annotations?.[podAnnotations.configHash]);
    expect(hashes).toEqual(Array.from(names, () => expect.stringMatching(/^[0-9a-f]{64}$/)));
    expect(new Set(hashes).size).toBe(1);
  });

  it.each(CASES)('changes $name no more when it is admitted again', async ({ inputText }) => {
    const world = read(inputText);
    const once = await admitted(world, true);
    expect(await admitted({ ...world, pod: once }, true)).toEqual(once);
  });
});
