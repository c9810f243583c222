import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { checkGolden, goldenCases } from '../../../../test/harness/golden.js';
import { groupOf, type KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf, type Snapshot } from '../../../shared/api/snapshot.js';
import type { Desired } from '../../crd/controller.js';
import { routingControllers } from './routing-controllers.js';
import type { RoutingControllerOptions } from './routing-options.js';
import { TEST_OPTIONS } from '../../../../test/harness/routing-options.js';

const CASES = goldenCases(join(import.meta.dirname, 'testdata'));
const NOW = new Date('2026-05-06T07:08:09Z');

interface CaseOptions extends Partial<RoutingControllerOptions> {
  readonly translationsSeen?: readonly string[];
}

function read(text: string): { readonly objects: readonly KubeObject[]; readonly options: RoutingControllerOptions } {
  const documents = parseAllDocuments(text).map((one) => one.toJS() as KubeObject & { options?: CaseOptions });
  const own = Object.assign({}, ...documents.map(({ options }) => options)) as CaseOptions;
  return {
    objects: documents.filter(({ kind }) => kind !== undefined),
    options: {
      ...TEST_OPTIONS,
      ...own,
      isTranslationSeen: (_, gateway) => own.translationsSeen?.some((name) => gateway.endsWith(name)) ?? false,
    },
  };
}

/** Every root that the first listing wakes, and what it should own. */
function desiredOf(objects: readonly KubeObject[], world: Snapshot, options: RoutingControllerOptions) {
  const controllers = routingControllers(options);
  const roots = controllers.map(() => new Set<string>());
  for (const after of objects) {
    const change = { type: { group: groupOf(after.apiVersion), kind: after.kind }, after };
    controllers.forEach((controller, index) => {
      for (const root of controller.triggers(change, world)) roots[index]!.add(root);
    });
  }
  return controllers.map((controller, index) => ({
    controller: controller.name,
    desired: controller.reconcile([...roots[index]!].sort(), world, NOW),
  }));
}

const plain = ({ desired, controller }: { controller: string; desired: readonly Desired[] }) => ({
  controller,
  desired: desired.map((one) => ({
    ...one,
    objects: one.objects.map(decoded),
    conditions: Object.fromEntries(one.conditions),
  })),
});

/** Secrets of test data are none: shown as text. */
function decoded(object: KubeObject): object {
  if (object.kind !== 'Secret') return object;
  const { data = {}, ...rest } = object as KubeObject & { data?: Record<string, string> };
  const text = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
  return { ...rest, data: Object.fromEntries(text) };
}

describe('routing controllers', () => {
  it.each(CASES)('give the golden output when the world is $name', ({ inputText, outputPath }) => {
    const { objects, options } = read(inputText);
    const all = desiredOf(objects, snapshotOf(objects), options).map(plain);
    const text = stringify(JSON.parse(JSON.stringify(all)), { aliasDuplicateObjects: false, lineWidth: 0 });
    checkGolden(outputPath('yaml'), text);
    expect(text).not.toBe('');
  });

  it.each(CASES)('want nothing else when the order of the objects of $name is another one', ({ inputText }) => {
    const { objects, options } = read(inputText);
    const world = snapshotOf(objects);
    const reversed = objects.toReversed();
    expect(desiredOf(reversed, snapshotOf(reversed), options)).toEqual(desiredOf(objects, world, options));
  });
});
