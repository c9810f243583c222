import type { Environment } from '../../environment.js';

/** `${NAME}`, `$NAME` or `${NAME:-word}` in a text. */
export interface Reference {
  /** As written, for messages. */
  readonly source: string;
  readonly name: string;
  readonly operator?: string;
  readonly word?: string;
  /** Line in the text, from 1. */
  readonly line: number;
}

export interface ScannedText {
  /** The text with a marker in place of each reference. Lines are those of the original. */
  readonly masked: string;
  readonly references: readonly Reference[];
  readonly errors: readonly { readonly line: number; readonly message: string }[];
}

const NAME = '[\\p{L}\\p{Nd}_]+';
const CANDIDATE = new RegExp(`\\$(?:(\\$)|\\{([^}\\r\\n]*)(\\}?)|(${NAME}))|\\uE000|\\n`, 'gu');
const BODY = new RegExp(`^(${NAME})(?:(:?[-=+])(.*))?$`, 'su');
const VARIABLE = new RegExp(`^\\$(${NAME})$`, 'u');
/** Private-use characters: legal in every YAML scalar, and never an indicator. */
const MARKER = /\uE000(\d+)\uE001/g;

/**
 * Finds the variables of a text in the forms of the reference's table.
 * A `$` that starts none of them stays, and so do `$_`, `${_}` and `${}`; `$$` is one `$`.
 * @see spec ops.md A2 "Substitution"
 */
export function scanReferences(text: string): ScannedText {
  const references: Reference[] = [];
  const errors: { line: number; message: string }[] = [];
  let line = 1;
  const mask = (reference: Omit<Reference, 'line'>) => {
    references.push({ ...reference, line });
    return `\uE000${references.length - 1}\uE001`;
  };
  const masked = text.replace(
    CANDIDATE,
    (source: string, dollar?: string, body?: string, close?: string, name?: string) => {
      if (source === '\n') line += 1;
      // A marker character of the text itself is masked too, so that it cannot be taken for one of ours.
      if (source === '\uE000') return mask({ source, name: '', operator: '-', word: source });
      if (dollar !== undefined) return '$';
      if (name !== undefined) return name === '_' ? source : mask({ source, name });
      if (body === undefined || body === '_') return source;
      if (close === '') {
        errors.push({
          line,
          message: `found ${quote(source)}; closing brace expected; write } on the same line, or $$ for a literal $`,
        });
        return source;
      }
      if (body === '') return source;
      const parts = BODY.exec(body);
      if (parts === null) {
        errors.push({
          line,
          message: `found ${quote(source)}; expected a variable name, and after it nothing or one of :- := - = :+ +; write $$ for a literal $`,
        });
        return source;
      }
      const [, variable, operator, word] = parts;
      if (operator === undefined || word === undefined) return mask({ source, name: variable! });
      return mask({ source, name: variable!, operator, word });
    },
  );
  return { masked, references, errors };
}

/** The text in place of a reference; `unset` names a variable that has no value and no default. */
export function valueOf(reference: Reference, env: Environment): { readonly text: string; readonly unset?: string } {
  const value = Object.hasOwn(env, reference.name) ? env[reference.name] : undefined;
  const { operator, word = '' } = reference;
  if (operator === undefined) return value === undefined ? { text: '', unset: reference.name } : { text: value };
  if (operator.endsWith('+')) return value === undefined ? { text: '' } : wordValue(word, env);
  const usesWord = value === undefined || (operator.startsWith(':') && value === '');
  return usesWord ? wordValue(word, env) : { text: value };
}

function wordValue(word: string, env: Environment): { readonly text: string; readonly unset?: string } {
  const name = VARIABLE.exec(word)?.[1];
  if (name === undefined) return { text: word };
  return valueOf({ source: word, name, line: 0 }, env);
}

/** Replaces the markers of a masked text. */
export function replaceMarkers(
  masked: string,
  references: readonly Reference[],
  replace: (reference: Reference) => string,
): string {
  return masked.replace(MARKER, (_, index: string) => replace(references[Number(index)]!));
}

export const hasMarker = (text: string): boolean => text.includes('\uE000');

const quote = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
