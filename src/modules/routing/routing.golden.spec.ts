import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { checkGolden, goldenCases } from '../../../test/harness/golden.js';
import { kinds } from '../../shared/api/kinds.js';
import type { KubeObject } from '../../shared/api/kube-object.js';
import { snapshotOf } from '../../shared/api/snapshot.js';
import { reconcileUnreached } from './reconcile-unreached.js';
import { reconcileGateway } from './reconcile.js';

const CASES = goldenCases(join(import.meta.dirname, 'testdata'));

interface CaseOptions {
  readonly rootPrefix?: string;
}

/** The objects of a case; a document `options: {…}` holds what is no object. */
function read(text: string): { readonly objects: readonly KubeObject[]; readonly options: CaseOptions } {
  const documents = parseAllDocuments(text).map(
    (document) => document.toJS() as KubeObject & { options?: CaseOptions },
  );
  return {
    objects: documents.filter(({ kind }) => kind !== undefined),
    options: Object.assign({}, ...documents.map(({ options }) => options)) as CaseOptions,
  };
}

/** Everything that the whole world comes to, as text. Secrets show as `[REDACTED]`; the uuid covers their values. */
function render(objects: readonly KubeObject[], { rootPrefix = '/' }: CaseOptions): string {
  const world = snapshotOf(objects);
  const gateways = world.list(kinds.gateway).map((gateway) => ({
    gateway,
    desired: reconcileGateway(gateway, world, { version: 'test', rootPrefix }),
  }));
  const reached = new Set(gateways.flatMap(({ desired }) => [...desired.conditions.keys()]));
  const unreached = reconcileUnreached(world, reached);
  const plain = {
    gateways: gateways.map(({ gateway, desired }) => ({
      gateway: `${gateway.metadata.namespace}/${gateway.metadata.name}`,
      ...desired,
      conditions: Object.fromEntries(desired.conditions),
    })),
    unreached: { ...unreached, conditions: Object.fromEntries(unreached.conditions) },
  };
  return stringify(JSON.parse(JSON.stringify(plain)), { aliasDuplicateObjects: false, lineWidth: 0 });
}

describe('routing', () => {
  it.each(CASES)('gives the golden output when the world is $name', ({ inputText, outputPath }) => {
    const { objects, options } = read(inputText);
    const text = render(objects, options);
    checkGolden(outputPath('yaml'), text);
    expect(text).not.toBe('');
  });

  it.each(CASES)('gives the same bytes when the objects of $name come in another order, or twice', ({ inputText }) => {
    const { objects, options } = read(inputText);
    const expected = render(objects, options);
    fc.assert(
      fc.property(fc.shuffledSubarray([...objects], { minLength: objects.length }), (shuffled) => {
        expect(render(shuffled, options)).toBe(expected);
        expect(render([...objects, ...shuffled], options)).toBe(expected);
      }),
      { numRuns: 10 },
    );
  });

  it.each(CASES)('gives the same bytes when what was generated for $name is in the world', ({ inputText }) => {
    const { objects, options } = read(inputText);
    const withUids = objects.map((object) => ({ ...object, metadata: { uid: 'u', ...object.metadata } }));
    const world = snapshotOf(withUids);
    const generated = world
      .list(kinds.gateway)
      .flatMap((gateway) => reconcileGateway(gateway, world, { version: 'test', rootPrefix: '/' }).objects);
    expect(render([...withUids, ...generated], options)).toBe(render(withUids, options));
  });
});
