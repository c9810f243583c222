import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { faultOfTest, readChecklists, ROOT } from '../../../test/harness/checklist.js';

/*
 * The checklist of the reference's tests of the control plane (spec controller.md section 20) and of its API (api.md section
 * 14), row by row, and where each is proved. A row that nothing proves, or whose test or golden is gone, is a failure here.
 *
 * A row is a list of references:
 *   {golden: <family>/<case>}                    objects in, objects, filter config and conditions out
 *   {file: <spec file>, test: 'describe › it'}   the titles as they are written there, or as one row of its table reads
 *   {accepted: <kind>, case: <it>}               an object that a real API server takes (test/control-plane/crd/testdata)
 *   {refused: <kind>, case: <it>}                and one that it refuses
 *   {beyond: '19.<row>'}                         what the row is about is better here (controller.md section 19)
 *   {notHere: <reason>}                          there is no such thing here
 * The last two come with a reference that pins what we do.
 */
interface Reference {
  readonly golden?: string;
  readonly file?: string;
  readonly test?: string;
  readonly accepted?: string;
  readonly refused?: string;
  readonly case?: string;
  readonly beyond?: string;
  readonly notHere?: string;
}

const CHECKLISTS = readChecklists<Reference>(join(import.meta.dirname, 'testdata/checklist'));

/** Rows of each subsection: a row that is lost is told. */
const ROW_COUNTS: Readonly<Record<string, number>> = {
  'Flags and start-up': 34,
  'Indexes and helpers': 28,
  AIGatewayRoute: 26,
  'ASB / BSP': 79,
  'Gateway / filter config': 78,
  Webhook: 26,
  'GatewayConfig / ReferenceGrant / Secret': 23,
  MCPRoute: 26,
  'QuotaPolicy / InferencePool': 15,
  'End to end': 21,
  'Types and helpers': 26,
  'CRD rules (api.md section 12)': 44,
  'Upgrade end to end': 4,
};

/** Folders of golden pairs, by the names that rows give them. */
const FAMILIES: Readonly<Record<string, string>> = {
  routing: 'src/modules/routing/testdata',
  controllers: 'src/modules/routing/controllers/testdata',
  workloads: 'src/modules/routing/workloads/testdata',
  credentials: 'src/modules/credentials/testdata',
  webhook: 'src/modules/webhook/testdata',
};

const pairOf = (golden: string): { readonly input: string; readonly output: string } => {
  const [family = '', name = ''] = golden.split('/');
  const folder = join(ROOT, FAMILIES[family] ?? 'nowhere');
  return { input: join(folder, `${name}.in.yaml`), output: join(folder, `${name}.out.yaml`) };
};

const faultOfGolden = (golden: string): string | undefined =>
  Object.values(pairOf(golden)).every((path) => existsSync(path)) ? undefined : `golden ${golden} is no pair of files`;

interface AdmissionCase {
  readonly it: string;
  readonly refused?: object;
}

function faultOfAdmission(kind: string, name: string | undefined, isRefused: boolean): string | undefined {
  const file = `test/control-plane/crd/testdata/${kind}.yaml`;
  if (!existsSync(join(ROOT, file))) return `${file} does not exist`;
  const cases = parse(readFileSync(join(ROOT, file), 'utf8')) as readonly AdmissionCase[];
  const isThere = cases.some((one) => one.it === name && (one.refused !== undefined) === isRefused);
  return isThere ? undefined : `${file} has no object "${name}" that is ${isRefused ? 'refused' : 'accepted'}`;
}

/** Why nothing is found where a reference points; undefined when all is well. */
function faultOf(reference: Reference): string | undefined {
  const { golden, file, test, accepted, refused, beyond, notHere } = reference;
  if (golden !== undefined) return faultOfGolden(golden);
  if (file !== undefined && test !== undefined) return faultOfTest(file, test);
  if (accepted !== undefined) return faultOfAdmission(accepted, reference.case, false);
  if (refused !== undefined) return faultOfAdmission(refused, reference.case, true);
  if (beyond !== undefined) return /^19\.\d+[a-z]?$/.test(beyond) ? undefined : `${beyond} is no row of section 19`;
  return notHere === undefined ? 'a reference needs "golden", "file" and "test", or "case"' : undefined;
}

const isProof = ({ golden, test, accepted, refused }: Reference): boolean =>
  [golden, test, accepted, refused].some((one) => one !== undefined);

it('has all rows of all subsections', () => {
  const counts = CHECKLISTS.map(({ subsection, rows }) => [subsection, Object.keys(rows).length]);
  expect(Object.fromEntries(counts)).toEqual(ROW_COUNTS);
});

describe.each(CHECKLISTS.map((checklist) => [checklist.subsection, checklist] as const))('%s', (_, { rows }) => {
  it.each(Object.entries(rows))('%s', (_row, references) => {
    expect(references.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
    expect(references.some(isProof)).toBe(true);
  });
});

describe('goldens', () => {
  const named = new Set(CHECKLISTS.flatMap(({ rows }) => Object.values(rows).flat()).map(({ golden }) => golden));

  it.each(Object.entries(FAMILIES))('of %s are named by a row, or say what they are for', (family, folder) => {
    const names = readdirSync(join(ROOT, folder)).flatMap((file) => /^(.+)\.in\.yaml$/.exec(file)?.[1] ?? []);
    expect(names.length).toBeGreaterThan(0);
    const silent = names.filter((name) => {
      const golden = `${family}/${name}`;
      return !named.has(golden) && !/^# \S.{19}/.test(readFileSync(pairOf(golden).input, 'utf8'));
    });
    expect(silent).toEqual([]);
  });
});
