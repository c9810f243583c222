import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml';
import type { Document, Node, YAMLParseError } from 'yaml';
import type { Environment } from '../../environment.js';
import type { JsonPath } from '../json-path.js';
import { replaceMarkers, scanReferences, valueOf, type Reference } from './scan-references.js';
import { resolveReferences } from './resolve-references.js';

/** One document of a YAML text, as plain data, with the way back to lines. */
export interface YamlDocument {
  readonly value: unknown;
  /** Line of the value at `path`, or of the nearest parent that exists. */
  lineOf(path: JsonPath): number;
  /** The value at `path` as it was written, when it came out of a variable: `${PORT}`. */
  writtenAs(path: JsonPath): string | undefined;
}

export interface TextProblem {
  readonly line: number;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

/** Messages of one document; what follows a syntax error is mostly its echo. */
const SYNTAX_ERRORS_SHOWN = 3;
/** Uses of anchors in one document: beyond it is an attack ("billion laughs") or a mistake. */
const ALIASES_MAX = 100;
/** Characters of all values that variables put into one text. */
const INSERTED_LENGTH_MAX = 4 * 1024 * 1024;

/**
 * Reads a YAML (or JSON) text of several documents and puts in the variables of `env`.
 * A document with a syntax error is left out and reported; the others are read. Empty documents are left out.
 */
export function readYamlDocuments(
  text: string,
  env: Environment,
  report: (problem: TextProblem) => void,
): readonly YamlDocument[] {
  const { masked, references, errors } = scanReferences(text);
  for (const error of errors) report({ ...error, severity: 'error' });
  if (errors.length > 0) return [];
  const lines = new LineCounter();
  const parsed = withoutOverflow(report, () =>
    // The check of `uniqueKeys` compares each key with each other one; repeatedKeys does the same in linear time.
    parseAllDocuments(masked, {
      lineCounter: lines,
      prettyErrors: false,
      merge: true,
      uniqueKeys: false,
      logLevel: 'silent',
    }),
  );
  if (parsed === undefined || !Array.isArray(parsed)) return [];
  const context: DocumentContext = { references, read: variableReader(env, report), lines, report };
  return parsed.flatMap((document) => readDocument(document, context));
}

interface DocumentContext {
  readonly references: readonly Reference[];
  readonly read: (reference: Reference) => string;
  readonly lines: LineCounter;
  readonly report: (problem: TextProblem) => void;
}

function readDocument(document: Document.Parsed, context: DocumentContext): YamlDocument[] {
  const { references, lines, report } = context;
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
  const clean = (message: string) => replaceMarkers(message, references, (reference) => reference.source);
  for (const error of document.errors.slice(0, SYNTAX_ERRORS_SHOWN)) {
    const message = `found text that is not valid YAML: ${clean(explain(error))}; correct it here or just above`;
    report({ line: lineAt(error.pos[0]), message, severity: 'error' });
  }
  if (document.errors.length > 0) return [];
  for (const warning of document.warnings) {
    report({ line: lineAt(warning.pos[0]), message: `YAML: ${clean(warning.message)}`, severity: 'warning' });
  }
  const reportHere = (problem: TextProblem) =>
    report({ ...problem, message: clean(problem.message), line: lineAt(document.range[0]) });
  const read = withoutOverflow(reportHere, () => {
    const repeated = repeatedKeys(document);
    for (const { key, offset } of repeated.slice(0, SYNTAX_ERRORS_SHOWN)) {
      // Most often two objects without a line between them.
      const separator = key === 'apiVersion' || key === 'kind' ? ', or put a line --- between two objects' : '';
      const message = `found the field ${JSON.stringify(clean(key))} twice; expected it once; remove one${separator}`;
      report({ line: lineAt(offset), message, severity: 'error' });
    }
    if (repeated.length > 0) return undefined;
    const written = resolveReferences(document, references, context.read);
    return { written, value: takeOut(document) };
  });
  if (read === undefined || read.value === null) return [];
  return [
    {
      value: read.value,
      lineOf: (path) => lineAt(nodesAlong(document, path).offset ?? document.range[0]),
      writtenAs: (path) => {
        const { node } = nodesAlong(document, path);
        return node === undefined ? undefined : read.written.get(node);
      },
    },
  ];
}

/** In other words where those of the parser say little to people who do not know its terms. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a line is indented with a tab, which YAML does not allow; use spaces',
  BAD_INDENT: 'a line is indented otherwise than the fields beside it',
  MULTILINE_IMPLICIT_KEY: 'a line has no ": " between a name and its value',
  BLOCK_AS_IMPLICIT_KEY: 'a line has two ": ", or the next one is indented too far; put a value with ": " in quotes',
};

const explain = ({ code, message }: YAMLParseError): string => EXPLANATIONS[code] ?? message;

/** Keys that stand in one map a second time. */
function repeatedKeys(document: Document.Parsed): { readonly key: string; readonly offset: number }[] {
  const repeated: { key: string; offset: number }[] = [];
  visit(document, {
    Map(_, map) {
      const keys = new Set<string>();
      for (const { key } of map.items) {
        // A merge key is a symbol; it may stand there several times.
        if (!isScalar(key) || typeof key.value === 'symbol') continue;
        const name = String(key.value);
        if (keys.has(name)) repeated.push({ key: name, offset: key.range?.[0] ?? 0 });
        keys.add(name);
      }
    },
  });
  return repeated;
}

/** Follows `path` as far as it exists: the offset of the last place reached, and the node when all of it exists. */
function nodesAlong(document: Document.Parsed, path: JsonPath): { readonly offset?: number; readonly node?: Node } {
  let node: Node | undefined = document.contents ?? undefined;
  let offset = node?.range?.[0];
  for (const segment of path) {
    const owner: Node | undefined = isAlias(node) ? node.resolve(document) : node;
    let next: unknown;
    let start: number | undefined;
    if (isMap(owner)) {
      const pair = owner.items.find((item) => isScalar(item.key) && String(item.key.value) === String(segment));
      next = pair?.value;
      start = (pair?.key as Node | undefined)?.range?.[0];
    } else if (isSeq(owner) && typeof segment === 'number') {
      next = owner.items[segment];
      start = (next as Node | undefined)?.range?.[0];
    }
    if (start === undefined) return offset === undefined ? {} : { offset };
    offset = start;
    node = (next ?? undefined) as Node | undefined;
  }
  return { ...(offset === undefined ? {} : { offset }), ...(node === undefined ? {} : { node }) };
}

/** Values of variables; warns once per place of an unset one, and stops inserting when the text grows out of bounds. */
function variableReader(env: Environment, report: (problem: TextProblem) => void): (reference: Reference) => string {
  let length = 0;
  const warned = new Set<Reference>();
  return (reference) => {
    const { text, unset } = valueOf(reference, env);
    if (unset !== undefined && !warned.has(reference)) {
      warned.add(reference);
      const message = `found ${reference.source}, but the variable ${unset} is not set; empty text is used; set it, or give a default: \${${unset}:-text}`;
      report({ line: reference.line, message, severity: 'warning' });
    }
    length += text.length;
    if (length > INSERTED_LENGTH_MAX) throw new InvalidDocument(TOO_MUCH_INSERTED);
    return text;
  };
}

const TOO_MUCH_INSERTED = 'found variables that add more than 4 MiB to the text; expected less; use smaller values';

/** The text of a document is right, and what it says is not. */
class InvalidDocument extends Error {
  override readonly name: string = 'InvalidDocument';
}

/** Plain data of a document. @throws InvalidDocument for aliases and merges that lead nowhere or to too much. */
function takeOut(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    if (error instanceof RangeError || !(error instanceof Error)) throw error;
    throw new InvalidDocument(
      error.message.startsWith('Excessive')
        ? `found more than ${ALIASES_MAX} uses of YAML anchors in one document; expected fewer; write the values out`
        : `found text that is not valid YAML: ${error.message}; correct the anchors and merges of this document`,
      { cause: error },
    );
  }
}

/** Turns the ways in which hostile text ends in an exception into problems. */
function withoutOverflow<T>(report: (problem: TextProblem) => void, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof InvalidDocument) {
      report({ line: 1, message: error.message, severity: 'error' });
      return undefined;
    }
    // The stack of the recursive parser.
    if (error instanceof RangeError) {
      const message = 'found text that is nested too deeply; expected a Kubernetes object; make it flatter';
      report({ line: 1, message, severity: 'error' });
      return undefined;
    }
    throw error;
  }
}
