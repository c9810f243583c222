import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { xdsFromJson, xdsToJson, type XdsJson } from '../../../shared/xds-json.js';
import type { EditOptions } from './edit-options.js';
import { editTranslation } from './edit-translation.js';

interface Case {
  readonly options: Omit<EditOptions, 'logRequestHeaderAttributes'> & {
    readonly logRequestHeaderAttributes: Readonly<Record<string, string>>;
  };
  readonly world: readonly KubeObject[];
  readonly xds: Partial<XdsJson>;
}

const TESTDATA = join(import.meta.dirname, 'testdata');
const filesEndingWith = (end: string) =>
  readdirSync(TESTDATA)
    .filter((file) => file.endsWith(end))
    .map((file) => file.slice(0, -end.length));
const cases = filesEndingWith('.input.yaml');

function outputOf(name: string): string {
  const { options, world, xds } = parse(readFileSync(join(TESTDATA, `${name}.input.yaml`), 'utf8')) as Case;
  const result = editTranslation(xdsFromJson(xds), snapshotOf(world), {
    ...options,
    logRequestHeaderAttributes: new Map(Object.entries(options.logRequestHeaderAttributes)),
  });
  return stringify({ faults: result.faults, ...xdsToJson(result.resources) }, { lineWidth: 0 });
}

describe('editTranslation, golden', () => {
  it('has exactly one output for each input', () => {
    expect(cases.length).toBeGreaterThan(0);
    expect(filesEndingWith('.output.yaml')).toEqual(cases);
  });

  it.each(cases)('writes %s.output.yaml', (name) => {
    const path = join(TESTDATA, `${name}.output.yaml`);
    const output = outputOf(name);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, output);
    expect(output).toBe(readFileSync(path, 'utf8'));
  });
});
