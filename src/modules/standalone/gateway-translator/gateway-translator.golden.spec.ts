import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { create } from '@bufbuild/protobuf';
import { assert, property, shuffledSubarray } from 'fast-check';
import { parseAllDocuments, stringify } from 'yaml';
import { checkGolden, goldenCases } from '../../../../test/harness/golden.js';
import { ApiVersion, ConfigSourceSchema } from '../../../gen/proto/envoy/config/core/v3/config_source_pb.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { xdsToJson } from '../../../shared/xds-json.js';
import { translateGateway } from './translate-gateway.js';
import type { TranslateOptions } from './translate-options.js';

const cases = goldenCases(join(import.meta.dirname, 'testdata'));

const options: TranslateOptions = {
  rdsConfigSource: (name) =>
    create(ConfigSourceSchema, {
      resourceApiVersion: ApiVersion.V3,
      configSourceSpecifier: { case: 'pathConfigSource', value: { path: `/xds/${name}.json` } },
    }),
  listenAddress: '127.0.0.1',
  accessLogPath: '/dev/stdout',
  systemCaPath: '/etc/ssl/certs/ca-certificates.crt',
};

const parse = (text: string): readonly KubeObject[] =>
  parseAllDocuments(text).map((document) => document.toJS() as KubeObject);

/** The cases are about Gateway `edge`. */
function translate(objects: readonly KubeObject[]): string {
  const world = snapshotOf(objects);
  const { resources, faults } = translateGateway(world.get(kinds.gateway, 'default', 'edge')!, world, options);
  return stringify({ ...xdsToJson(resources), faults }, { lineWidth: 0, aliasDuplicateObjects: false });
}

describe('translateGateway', () => {
  it.each(cases)('gives the golden resources for $name', ({ inputText, outputPath }) => {
    expect(() => checkGolden(outputPath('yaml'), translate(parse(inputText)))).not.toThrow();
  });

  it.each(cases)('gives the same bytes for $name whatever the order of the objects', ({ inputText }) => {
    const objects = parse(inputText);
    const expected = translate(objects);
    assert(
      property(shuffledSubarray([...objects], { minLength: objects.length }), (shuffled) => {
        expect(translate(shuffled)).toBe(expected);
      }),
      { numRuns: 5 },
    );
  });

  it.each(cases)('does not throw for $name when any object is missing', ({ inputText }) => {
    const objects = parse(inputText);
    const isSubject = ({ kind, metadata }: KubeObject) => kind === 'Gateway' && metadata.name === 'edge';
    for (const absent of objects.filter((object) => !isSubject(object))) {
      const rest = objects.filter((object) => object !== absent);
      expect(() => translate(rest)).not.toThrow();
    }
  });
});
