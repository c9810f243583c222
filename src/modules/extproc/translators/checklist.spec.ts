import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { parse } from 'yaml';

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
interface Checklist {
  readonly subsection: string;
  readonly rows: Readonly<Record<string, readonly Reference[]>>;
}

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const FOLDER = fileURLToPath(new URL('./testdata/checklist', import.meta.url));
const CHECKLISTS = readdirSync(FOLDER)
  .sort()
  .map((file) => parse(readFileSync(join(FOLDER, file), 'utf8')) as Checklist);

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

/** Titles of the tests of a file, each with those of the `describe`s around it. */
function titlesIn(source: ts.SourceFile): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const visit = (node: ts.Node, path: readonly string[]): void => {
    const name = ts.isCallExpression(node) ? calleeOf(node.expression) : undefined;
    const title = ts.isCallExpression(node) ? titleOf(node.arguments[0]) : undefined;
    if (name === 'it' && title !== undefined) found.push([...path, title]);
    const inner = name === 'describe' && title !== undefined ? [...path, title] : path;
    ts.forEachChild(node, (child) => visit(child, inner));
  };
  visit(source, []);
  return found;
}

/** `it` of `it(…)` and of `it.each(…)(…)`; a test that is skipped is none. */
function calleeOf(node: ts.Expression): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  const { expression, name } = node.expression;
  return name.text === 'each' && ts.isIdentifier(expression) ? expression.text : undefined;
}

const titleOf = (node: ts.Expression | undefined) => (node && ts.isStringLiteralLike(node) ? node.text : undefined);

/** Text without what differs between a value in code and in a title: quotation marks, escapes, spaces, last commas. */
const plain = (text: string) => text.replace(/["'`\\\s]/g, '').replace(/,(?=[}\])])/g, '');

interface SpecFile {
  readonly titles: readonly (readonly string[])[];
  readonly plainText: string;
}
const specs = new Map<string, SpecFile>();

function specFile(path: string): SpecFile {
  const known = specs.get(path);
  if (known) return known;
  const text = readFileSync(join(ROOT, path), 'utf8');
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const file = { titles: titlesIn(source), plainText: plain(text) };
  specs.set(path, file);
  return file;
}

/** A title as it is written, or with the values of one row of a table that stands in the file. */
function reads(title: string, written: string, plainText: string): boolean {
  if (title === written) return true;
  const pieces = written.split(/%[a-z]|\$\w+/).map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const values = pieces.length === 1 ? undefined : new RegExp(`^${pieces.join('(.*)')}$`, 's').exec(title);
  return values?.slice(1).every((value) => plainText.includes(plain(value))) ?? false;
}

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
  if (!existsSync(join(ROOT, file))) return `${file} does not exist`;
  if (file.endsWith('.out.json')) {
    return isOutputOf(test, file) ? undefined : `${file} is no output of the case ${test}`;
  }
  const { titles, plainText } = specFile(file);
  const path = test.split(' › ');
  const isThere = titles.some(
    (written) => written.length === path.length && written.every((title, at) => reads(path[at]!, title, plainText)),
  );
  return isThere ? undefined : `${file} has no test "${test}"`;
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
