import { isMap, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { UserFacingError } from '../errors.js';

/** Keys and indexes from the root of a document to one of its values. */
export type DocumentPath = readonly (string | number)[];

/** A parsed YAML or JSON text that can say where each of its values stands. */
export interface ConfigDocument {
  readonly fileName: string;
  /** Mappings as plain objects, lists as arrays. Unquoted numbers in YAML stay text: the formats here have no numbers. */
  readonly value: unknown;
  /** 1-based line of the value, or of its nearest parent that exists. */
  lineOf(path: DocumentPath): number | undefined;
}

/**
 * Reads JSON by `JSON.parse` and everything else as YAML 1.2. Both see the same documents, since JSON is YAML; but one
 * thousand backends take 5 ms as JSON and 150 ms as YAML, time in which no request is served. Lines are looked up only
 * when an error is reported.
 *
 * @throws UserFacingError with file and line when the text is not valid YAML. The text itself is never quoted: it holds credentials.
 */
export function parseConfigDocument(text: string, fileName: string): ConfigDocument {
  const json = parseJson(text);
  if (json) {
    let yaml: LineFinder | undefined;
    return { fileName, value: json.value, lineOf: (path) => (yaml ??= new LineFinder(text)).lineOf(path) };
  }
  const finder = new LineFinder(text);
  const error = finder.document.errors[0];
  if (error) {
    const { line, col } = finder.lines.linePos(error.pos[0]);
    throw new UserFacingError(
      `${fileName}:${line}: not valid YAML at column ${col} (${error.code}); correct the syntax of this line or the one before`,
    );
  }
  return { fileName, value: plainValue(finder.document, fileName), lineOf: (path) => finder.lineOf(path) };
}

/** `backends[2].schema.name`; the root is `(root)`. */
export function formatPath(path: DocumentPath): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
  return text === '' ? '(root)' : text.replace(/^\./, '');
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined; // A flow mapping, or broken; the YAML reader tells.
  }
}

function plainValue(document: Document.Parsed, fileName: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    // The only reasons left are unresolved and too many aliases (the package's limit of 100 expansions).
    throw new UserFacingError(`${fileName}: the YAML aliases cannot be resolved; write the values in full`, { cause });
  }
}

class LineFinder {
  readonly lines = new LineCounter();
  readonly document: Document.Parsed;

  constructor(text: string) {
    this.document = parseDocument(text, {
      lineCounter: this.lines,
      prettyErrors: false,
      // Without int and float a key such as 0123 keeps its zero where text is expected.
      customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !/:(int|float)$/.test(tag.tag)),
    });
  }

  lineOf(path: DocumentPath): number | undefined {
    let node: unknown = this.document.contents;
    let position: number | undefined;
    for (const key of [undefined, ...path]) {
      if (key !== undefined) {
        const parent: unknown = node;
        if (!isMap(parent) && !isSeq(parent)) break;
        node = parent.get(key, true);
      }
      const range = (node as { range?: readonly number[] | null } | undefined)?.range;
      if (!range) break;
      position = range[0];
    }
    return position === undefined ? undefined : this.lines.linePos(position).line;
  }
}
