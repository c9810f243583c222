import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import type { KubeObject, ObjectKey } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { xdsFromJson, xdsToJson, type XdsJson } from '../../../shared/xds-json.js';
import type { EditOptions } from './edit-options.js';
import type { ExtProcDeployment } from './extproc-target.js';
import type { XdsResources } from '../../../shared/xds.js';
import { editTranslation } from './edit-translation.js';

interface Case {
  readonly options: Omit<EditOptions, 'logRequestHeaderAttributes' | 'extProcDeploymentOf'> & {
    readonly logRequestHeaderAttributes: Readonly<Record<string, string>>;
    readonly extProcDeployments?: Readonly<Record<ObjectKey, ExtProcDeployment>>;
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

const inputOf = (name: string) => parse(readFileSync(join(TESTDATA, `${name}.input.yaml`), 'utf8')) as Case;

function edit({ options, world }: Case, resources: XdsResources) {
  const logRequestHeaderAttributes = new Map(Object.entries(options.logRequestHeaderAttributes));
  return editTranslation(resources, snapshotOf(world), {
    ...options,
    logRequestHeaderAttributes,
    extProcDeploymentOf: (gateway) => options.extProcDeployments?.[gateway],
  });
}

function outputOf(input: Case): string {
  const { faults, gateways, resources } = edit(input, xdsFromJson(input.xds));
  return stringify(
    { faults, gateways: [...gateways.keys()], ...xdsToJson(resources) },
    { lineWidth: 0, sortMapEntries: true },
  );
}

describe('editTranslation, golden', () => {
  it.each(cases)('writes %s.output.yaml', (name) => {
    const path = join(TESTDATA, `${name}.output.yaml`);
    const output = outputOf(inputOf(name));
    if (env['UPDATE_GOLDEN'] === '1') writeFileSync(path, output);
    expect(output).toBe(readFileSync(path, 'utf8'));
  });

  it.each(cases)('changes nothing the second time on %s', (name) => {
    const input = inputOf(name);
    const once = edit(input, xdsFromJson(input.xds));
    expect(edit(input, once.resources)).toEqual(once);
  });

  it('has exactly one output for each input', () => {
    expect(cases.length).toBeGreaterThan(0);
    expect(filesEndingWith('.output.yaml')).toEqual(cases);
  });
});
