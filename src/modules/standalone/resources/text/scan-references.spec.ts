import { describe, it, expect } from '@jest/globals';
import * as fc from 'fast-check';
import { replaceMarkers, scanReferences, valueOf } from './scan-references.js';

const env = { SET: 'value', EMPTY: '', OTHER: 'other', '1A': 'digit', Größe: 'letters' };

const substitute = (text: string) => {
  const { masked, references } = scanReferences(text);
  return replaceMarkers(masked, references, (reference) => valueOf(reference, env).text);
};

describe('references', () => {
  it.each([
    ['$SET', 'value'],
    ['${SET}', 'value'],
    ['a${SET}b', 'avalueb'],
    ['$SET-b $SET.c', 'value-b value.c'],
    ['${UNSET}|$UNSET|', '||'],
    ['${SET:-d}|${SET:=d}|${SET-d}|${SET=d}', 'value|value|value|value'],
    ['${EMPTY:-d}|${EMPTY:=d}', 'd|d'],
    ['${EMPTY-d}|${EMPTY=d}', '|'],
    ['${UNSET:-d}|${UNSET:=d}|${UNSET-d}|${UNSET=d}', 'd|d|d|d'],
    ['${SET+d}|${SET:+d}|${EMPTY+d}|${EMPTY:+d}|${UNSET+d}|${UNSET:+d}', 'd|d|d|d||'],
    ['${UNSET:-}|', '|'],
    ['${UNSET:-$OTHER}|${UNSET-$OTHER}|${SET+$OTHER}', 'other|other|other'],
    ['${UNSET:-http://localhost:8080/v1?a=b}', 'http://localhost:8080/v1?a=b'],
    ['${UNSET:-a$OTHER}', 'a$OTHER'],
    ['${UNSET:-${OTHER}}', '${OTHER}'],
    ['$$|$$SET|$${SET}|$$$SET', '$|$SET|${SET}|$value'],
    ['$ $. ^a$', '$ $. ^a$'],
    ['$_|${}|${_}', '$_|${}|${_}'],
    ['$1|${1A}|$1A', '|digit|digit'],
    ['${Größe}', 'letters'],
    ['\uE0000\uE001', '\uE0000\uE001'],
    ['$constructor|$__proto__', '|'],
  ])('gives what the table says when the text is %j', (text, expected) => {
    expect(scanReferences(text).errors).toEqual([]);
    expect(substitute(text)).toBe(expected);
  });

  it.each([
    ['a: ${SET', 'found "${SET"; closing brace expected; write } on the same line, or $$ for a literal $'],
    ['${SET\n}', 'found "${SET"; closing brace expected; write } on the same line, or $$ for a literal $'],
    [
      '${SET:?missing}',
      'found "${SET:?missing}"; expected a variable name, and after it nothing or one of :- := - = :+ +; write $$ for a literal $',
    ],
    [
      '${ SET }',
      'found "${ SET }"; expected a variable name, and after it nothing or one of :- := - = :+ +; write $$ for a literal $',
    ],
    [
      '${a.b}',
      'found "${a.b}"; expected a variable name, and after it nothing or one of :- := - = :+ +; write $$ for a literal $',
    ],
  ])('refuses %j', (text, message) => {
    expect(scanReferences(`first\n${text}`).errors).toEqual([{ line: 2, message }]);
  });

  it('names the variable without a value when there is no default', () => {
    const unset = (text: string) => scanReferences(text).references.map((reference) => valueOf(reference, env).unset);
    expect(unset('$A ${B} ${C:-d} ${D:-$E} ${F+d} $SET $EMPTY')).toEqual([
      'A',
      'B',
      undefined,
      'E',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('knows the line of each reference when the text has several', () => {
    expect(scanReferences('$A\n\n${B} $C\r\n$D').references.map(({ source, line }) => [source, line])).toEqual([
      ['$A', 1],
      ['${B}', 3],
      ['$C', 3],
      ['$D', 4],
    ]);
  });

  it('keeps all lines, and all text when it puts the references back', () => {
    const part = fc.constantFrom('$', '{', '}', 'A', '_', ':-', '\n', ' ', '\uE000', '0', '\uE001', 'x');
    fc.assert(
      fc.property(
        fc.array(part).map((parts) => parts.join('').replaceAll(/\$+/g, '$')),
        (text) => {
          const { masked, references } = scanReferences(text);
          expect(masked.split('\n')).toHaveLength(text.split('\n').length);
          expect(replaceMarkers(masked, references, ({ source }) => source)).toBe(text);
        },
      ),
    );
  });
});
