import { isPair, isScalar, isSeq, isCollection, isMap, parseDocument, visit } from 'yaml';
import type { Document, Node, ParsedNode, Scalar } from 'yaml';
import { hasMarker, replaceMarkers, type Reference } from './scan-references.js';

/*
 * Where variables get their values.
 *
 * The reference inserts values into the text before YAML is read, so a value with a `#`, a `: ` or a line break changes
 * the document. Here YAML is read first, with a marker for each variable, and the value goes into the scalar that holds
 * the marker. What a raw insertion would have read as one value is read the same way:
 *
 *   plain scalar       the finished text is read as YAML: `${PORT}` gives a number, `"x"` loses its quotes,
 *                      and a scalar that is one variable may give a one-line flow collection (`[a, b]`)
 *   item of `[…]`      a value with commas gives several items
 *   "…" and '…'        escapes in the value are read when they are valid
 *
 * In every other case (where raw insertion would have cut the value, or broken or changed the document) the value is
 * taken as it stands, line breaks included. A value cannot add block lines (`key: value`) to a document.
 */

/** Values are text by definition there, so `12345` or `{"a": 1}` from a variable stays text. */
const TEXT_MAPS: readonly unknown[] = ['data', 'stringData'];

/**
 * Replaces all markers in the scalars of `document`, in place.
 * @returns the changed nodes with their text as written, e.g. `${PORT}`.
 */
export function resolveReferences(
  document: Document.Parsed,
  references: readonly Reference[],
  read: (reference: Reference) => string,
): ReadonlyMap<Node, string> {
  const written = new Map<Node, string>();
  visit(document, {
    Scalar(key, scalar, path) {
      const masked = scalar.type === 'PLAIN' ? (scalar.source ?? '') : scalar.value;
      if (typeof masked !== 'string' || !hasMarker(masked)) return undefined;
      const source = replaceMarkers(masked, references, (reference) => reference.source);
      written.set(scalar, source);
      if (scalar.type !== 'PLAIN') {
        scalar.value = replaceMarkers(masked, references, (reference) => inQuotes(read(reference), scalar.type));
        return undefined;
      }
      const text = replaceMarkers(masked, references, read).trim();
      const parent = path.at(-1);
      if (key === 'key') {
        scalar.value = text;
        return undefined;
      }
      if (isSeq(parent) && parent.flow === true && typeof key === 'number') {
        const items = flowItems(text);
        if (items.length > 1) {
          for (const item of items) adopt(item, scalar, source, written);
          parent.items.splice(key, 1, ...items);
          return key + items.length;
        }
      }
      if (isTextMember(path)) {
        scalar.value = asText(text);
        return undefined;
      }
      const node = readPlain(text);
      if (isCollection(node) && isOneMarker(masked)) return adopt(node, scalar, source, written);
      scalar.value = isScalar(node) ? node.value : text === '' ? null : text;
      return undefined;
    },
  });
  return written;
}

const isOneMarker = (masked: string) => /^\uE000\d+\uE001$/.test(masked);

/** Gives a node that came out of a value the place of the scalar it stands for. */
function adopt(node: Node, scalar: Scalar, source: string, written: Map<Node, string>): Node {
  if (scalar.range !== null && scalar.range !== undefined) node.range = scalar.range;
  visit(node, {
    Node(_, inner) {
      if (scalar.range !== null && scalar.range !== undefined) inner.range = scalar.range;
      written.set(inner, source);
    },
  });
  if (scalar.anchor !== undefined && (isScalar(node) || isCollection(node))) node.anchor = scalar.anchor;
  return node;
}

/** Whether the node is a value of `data` or `stringData`. */
function isTextMember(path: readonly unknown[]): boolean {
  const owner = path.at(-3);
  return (
    isPair(path.at(-1)) &&
    isMap(path.at(-2)) &&
    isPair(owner) &&
    isScalar(owner.key) &&
    TEXT_MAPS.includes(owner.key.value)
  );
}

/** The text as the only value of a document; undefined when YAML would read less, more or something else. */
function readPlain(text: string): ParsedNode | undefined {
  if (text === '' || /[\r\n]/.test(text)) return undefined;
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
  const node = document.contents;
  if (document.errors.length > 0 || document.warnings.length > 0 || node === null) return undefined;
  if (node.range[0] !== 0 || node.range[1] !== text.length) return undefined;
  if (isScalar(node)) return node.type?.startsWith('BLOCK') === true ? undefined : node;
  return isCollection(node) && (node as { flow?: boolean }).flow === true ? node : undefined;
}

function asText(text: string): string {
  const node = readPlain(text);
  if (!isScalar(node)) return text;
  return node.type === 'PLAIN' ? text : String(node.value);
}

function flowItems(text: string): ParsedNode[] {
  if (!text.includes(',')) return [];
  const node = readPlain(`[${text}]`);
  return isSeq<ParsedNode>(node) ? node.items : [];
}

function inQuotes(value: string, type: Scalar['type']): string {
  const quote = type === 'QUOTE_DOUBLE' ? '"' : type === 'QUOTE_SINGLE' ? "'" : undefined;
  if (quote === undefined || /[\r\n]/.test(value)) return value;
  const node = readPlain(`${quote}${value}${quote}`);
  return isScalar(node) && node.type === type && typeof node.value === 'string' ? node.value : value;
}
