import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { faultOfTest, readChecklists, ROOT } from '../../../../test/harness/checklist.js';

/*
 * The checklist of the reference's translator tests (spec translators.md section 19), row by row, and where each is checked.
 * A row that nothing checks, or whose test was renamed or deleted, is a failure here.
 *
 * A row is a list of references:
 *   {file: <spec file>, test: 'describe › it'}   the titles as they are written there, or as one row of its table reads
 *   {file: <golden output>, test: <case>}        its input lies beside it
 *   {beyond: G<n>}                               the row that it is about is better here (translators.md section 17)
 *   {decision: docs/decisions/<number>}          we do otherwise, and say there why
 * The last two come with a test that pins what we do.
 */
interface Reference {
  readonly file?: string;
  readonly test?: string;
  readonly beyond?: string;
  readonly decision?: string;
}

const CHECKLISTS = readChecklists<Reference>(join(import.meta.dirname, 'testdata/checklist'));

/** Rows of each subsection: a row that is lost is told. */
const ROW_COUNTS: Readonly<Record<string, number>> = {
  'util / multipart / schema helpers': 75,
  endpointspec: 77,
  '1 chat → OpenAI': 31,
  '2 chat/responses → Azure': 11,
  '3 chat → AWSBedrock': 92,
  '4 chat → AWSAnthropic': 25,
  '5.4 Anthropic helpers': 73,
  '6 chat → GCPAnthropic': 54,
  '5 chat → GCPVertexAI': 134,
  '7 completions → OpenAI': 15,
  '8–11 embeddings': 67,
  '12 images, 17–19 audio': 48,
  '13–16 responses and input_tokens': 34,
  '20–22 messages passthrough': 44,
  '23 messages → AWSBedrock': 52,
  '24 messages → OpenAI': 61,
  '25–33 counting and rerank': 109,
  'End-to-end translation cases': 25,
};

const isOutputOf = (test: string, file: string) =>
  basename(file).startsWith(`${test}.`) &&
  ['yaml', 'json'].some((type) => existsSync(join(ROOT, dirname(file), `${test}.in.${type}`)));

const isDecision = (path: string) =>
  readdirSync(join(ROOT, dirname(path))).some((file) => file.startsWith(`${basename(path)}-`));

/** Why nothing is found where a reference points; undefined when all is well. */
function faultOf({ file, test, beyond, decision }: Reference): string | undefined {
  if (beyond !== undefined) return /^G\d+[a-z]?$/.test(beyond) ? undefined : `${beyond} is no row of section 17`;
  if (decision !== undefined) return isDecision(decision) ? undefined : `${decision} does not exist`;
  if (file === undefined || test === undefined) return 'a reference needs "file" and "test"';
  if (!file.endsWith('.out.json')) return faultOfTest(file, test);
  if (!existsSync(join(ROOT, file))) return `${file} does not exist`;
  return isOutputOf(test, file) ? undefined : `${file} is no output of the case ${test}`;
}

it('has all rows of all subsections', () => {
  const counts = CHECKLISTS.map(({ subsection, rows }) => [subsection, Object.keys(rows).length]);
  expect(Object.fromEntries(counts)).toEqual(ROW_COUNTS);
});

describe.each(CHECKLISTS.map((checklist) => [checklist.subsection, checklist] as const))('%s', (_, { rows }) => {
  it.each(Object.entries(rows))('%s', (_row, references) => {
    expect(references.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
    expect(references.some(({ test }) => test !== undefined)).toBe(true);
  });
});
