import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { checkGolden, goldenCases } from '../../../../test/harness/golden.js';
import { TEST_OPTIONS } from '../../../../test/harness/routing-options.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import type { Deployment } from '../../../shared/api/workloads.js';
import { extProcConfigHash, type ExtProcInputs } from '../../../shared/extproc-pod/inputs.js';
import { ProxyIndex } from './proxies.js';
import { planRollOut, type RollOut } from './roll-out.js';

const CASES = goldenCases(join(import.meta.dirname, 'testdata'));
const NOW = new Date('2026-05-06T07:08:09Z');
/** Stands for the hash in the files, which must not change with the version of an image. */
const PLACEHOLDER = 'HASH-OF-THE-CONTAINER';
const GATEWAY = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' };

interface CaseOptions {
  /** The proxies need no processor. */
  readonly hasNoRoute?: boolean;
  /** Of the GatewayConfig. */
  readonly overrides?: ExtProcInputs['overrides'];
}

interface World {
  readonly objects: readonly KubeObject[];
  readonly container: ExtProcInputs;
  readonly hasNoRoute: boolean;
}

/** The Deployment and the pods of one Gateway; a document `options: {…}` holds what is no object. */
function read(text: string): World {
  const documents = (of: string) =>
    parseAllDocuments(of).map((one) => one.toJS() as KubeObject & { options?: CaseOptions });
  const { overrides, hasNoRoute = false } = Object.assign(
    {},
    ...documents(text).map(({ options }) => options),
  ) as CaseOptions;
  const container: ExtProcInputs = { settings: TEST_OPTIONS.extProc, overrides, needsMcp: false };
  const objects = documents(text.replaceAll(PLACEHOLDER, extProcConfigHash(container)));
  return { objects: objects.filter(({ kind }) => kind !== undefined), container, hasNoRoute };
}

function planOf({ objects, container, hasNoRoute }: World): RollOut {
  const gateway = { ...GATEWAY, metadata: { name: 'edge', namespace: 'default' } };
  return planRollOut({
    proxies: new ProxyIndex(snapshotOf(objects)).of(gateway, 'eg'),
    container: hasNoRoute ? undefined : container,
    configId: 'id-of-the-config',
    now: NOW,
  });
}

function render(world: World): string {
  const { patches, isWaiting, restarted, bare } = planOf(world);
  const names = (all: readonly KubeObject[]) => all.map(({ metadata }) => metadata.name);
  const plain = { isWaiting, patches, restarted: names(restarted), bare: names(bare) };
  return stringify(plain, { lineWidth: 0 }).replaceAll(extProcConfigHash(world.container), PLACEHOLDER);
}

/** What the kind counts otherwise is called otherwise. */
function asDaemonSet(object: KubeObject): KubeObject {
  if (object.kind !== 'Deployment') return object;
  const { status: { observedGeneration, replicas, updatedReplicas } = {}, ...rest } = object as Deployment;
  const status = { observedGeneration, currentNumberScheduled: replicas, updatedNumberScheduled: updatedReplicas };
  const made = { ...rest, kind: 'DaemonSet', status };
  return made;
}

describe('planRollOut', () => {
  it.each(CASES)('gives the golden patches when the world is $name', ({ inputText, outputPath }) => {
    const world = read(inputText);
    checkGolden(outputPath('yaml'), render(world));
    const { isWaiting, restarted } = planOf(world);
    expect(isWaiting && restarted.length > 0).toBe(false);
  });

  it.each(CASES)('does the same with a DaemonSet when the world is $name', ({ inputText }) => {
    const world = read(inputText);
    const text = render({ ...world, objects: world.objects.map(asDaemonSet) });
    expect(text.replaceAll('/DaemonSet/', '/Deployment/')).toBe(render(world));
  });
});
