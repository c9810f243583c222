import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { parse } from 'yaml';

/*
 * Checklists: which test proves which row of a list in the specification. A row is a list of references to tests, which are
 * looked for in the source of the specs, so that a test that was renamed, deleted or skipped is found missing.
 */

/** One file of a checklist: the rows of one subsection, in the order of the page. */
export interface Checklist<Reference> {
  readonly subsection: string;
  readonly rows: Readonly<Record<string, readonly Reference[]>>;
}

/** Where paths of references begin. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** All files of a folder, by name. Throws for what is no YAML. */
export const readChecklists = <Reference>(folder: string): readonly Checklist<Reference>[] =>
  readdirSync(folder)
    .sort()
    .map((file) => parse(readFileSync(join(folder, file), 'utf8')) as Checklist<Reference>);

/**
 * Why a spec file (path from the root of the repository) does not prove a test, undefined when it does. `test` is
 * `describe › it`, with the titles as they are written there, or as one row of its table reads.
 */
export function faultOfTest(file: string, test: string): string | undefined {
  if (!existsSync(join(ROOT, file))) return `${file} does not exist`;
  const { titles, plainText } = specFile(file);
  const path = test.split(' › ');
  const isThere = titles.some(
    (written) => written.length === path.length && written.every((title, at) => reads(path[at]!, title, plainText)),
  );
  return isThere ? undefined : `${file} has no test "${test}"`;
}

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

/** A title as it is written, or with the values of one row of a table that stands in the file. */
function reads(title: string, written: string, plainText: string): boolean {
  if (title === written) return true;
  const pieces = written.split(/%[a-z]|\$\w+/).map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const values = pieces.length === 1 ? undefined : new RegExp(`^${pieces.join('(.*)')}$`, 's').exec(title);
  return values?.slice(1).every((value) => plainText.includes(plain(value))) ?? false;
}
