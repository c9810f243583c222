import { describe, it, expect } from '@jest/globals';
import * as fc from 'fast-check';
import { readYamlDocuments, type TextProblem } from './yaml-documents.js';

function read(text: string, env: Record<string, string> = {}) {
  const problems: TextProblem[] = [];
  const documents = readYamlDocuments(text, env, (problem) => problems.push(problem));
  return { documents, values: documents.map(({ value }) => value), problems };
}

const value = (text: string, v: string) => {
  const { values, problems } = read(text, { V: v });
  expect(problems).toEqual([]);
  return (values[0] as { a: unknown }).a;
};

describe('variables in YAML', () => {
  it.each([
    // As raw insertion would read it.
    ['plain text', 'a: $V', 'x y', 'x y'],
    ['an integer', 'a: ${V}', '1975', 1975],
    ['a boolean', 'a: ${V}', 'true', true],
    ['quoted text', 'a: ${V}', '"x: y"', 'x: y'],
    ['nothing', 'a: ${V}', '', null],
    ['surrounding blanks', 'a: ${V}', '  x\n', 'x'],
    ['a flow list', 'a: ${V}', '[x, 2]', ['x', 2]],
    ['a flow map', 'a: ${V}', '{"x": {"y": 1}}', { x: { y: 1 } }],
    ['several items', 'a: [$V, z]', 'x, y', ['x', 'y', 'z']],
    ['one item', 'a: [$V, z]', 'x', ['x', 'z']],
    ['a part of a plain scalar', 'a: http://$V/v1', 'host:80', 'http://host:80/v1'],
    ['an escape in double quotes', 'a: "<$V>"', 'x\\ty', '<x\ty>'],
    ['a doubled quote in single quotes', "a: '<$V>'", "x''y", "<x'y>"],
    // Where raw insertion would have changed the document.
    ['a comment sign', 'a: ${V}', 'sk #1', 'sk #1'],
    ['a colon', 'a: ${V}', 'x: y', 'x: y'],
    ['an indicator', 'a: ${V}', '@x', '@x'],
    ['an alias', 'a: ${V}', '*x', '*x'],
    ['an anchor', 'a: ${V}', '&x y', '&x y'],
    ['a tag', 'a: ${V}', '!!int 1', '!!int 1'],
    ['a list sign', 'a: ${V}', '- x', '- x'],
    ['a block sign', 'a: ${V}', '|', '|'],
    ['a document mark', 'a: ${V}', '---', '---'],
    ['line breaks', 'a: ${V}', 'x\ny: z', 'x\ny: z'],
    ['a flow list beside text', 'a: x${V}', '[y', 'x[y'],
    ['a quote in double quotes', 'a: "$V"', '{"x": 1}', '{"x": 1}'],
    ['a wrong escape in double quotes', 'a: "$V"', 'x\\qy', 'x\\qy'],
    ['line breaks in double quotes', 'a: "$V"', 'x\n\ny', 'x\n\ny'],
    ['a quote in single quotes', "a: '$V'", "it's", "it's"],
    ['line breaks in a literal block', 'a: |\n  $V\n  z\n', 'x\ny', 'x\ny\nz\n'],
    ['a comma in a flow map', 'a: {x: $V}', 'y, z', { x: 'y, z' }],
  ])('reads %s in %j', (_, text, v, expected) => {
    expect(value(text, v)).toEqual(expected);
  });

  it.each([
    ['12345', '12345'],
    ['{"type": "service_account"}', '{"type": "service_account"}'],
    ['true', 'true'],
    ['"x"', 'x'],
    ['', ''],
    ['-----BEGIN-----\nabc\n', '-----BEGIN-----\nabc'],
  ])('takes %j for text when it is a value of stringData', (v, expected) => {
    expect(read('stringData:\n  k: ${V}', { V: v }).values).toEqual([{ stringData: { k: expected } }]);
  });

  it('puts a value into a key as text', () => {
    expect(read('${V}: 1', { V: '5' }).values).toEqual([{ 5: 1 }]);
  });

  it('takes no value into comments, so that none can end one', () => {
    expect(read('a: 1 # $V\n# ${V}\nb: 2', { V: 'x\nc: 3' })).toMatchObject({ values: [{ a: 1, b: 2 }], problems: [] });
  });

  it('puts any one-line text into quotes without changing the rest', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (v) => {
        const { values, problems } = read(`stringData: {k: "$V"}\nb: [1, 2] # $V\n`, { V: v });
        expect(problems).toEqual([]);
        expect(values).toEqual([{ stringData: { k: expect.any(String) }, b: [1, 2] }]);
      }),
    );
  });

  it('warns at the line of the reference when a variable is not set', () => {
    expect(read('a: 1\nb: "${MISSING}"\n# $COMMENT\n').problems).toEqual([
      {
        line: 2,
        message:
          'found ${MISSING}, but the variable MISSING is not set; empty text is used; set it, or give a default: ${MISSING:-text}',
        severity: 'warning',
      },
    ]);
  });

  it('names the variable when it is asked how a value was written', () => {
    const [document] = read('a: {b: $V}\nc: 1\nd: [x, $L]', { V: 'secret', L: 'y,z' }).documents;
    expect(document!.writtenAs(['a', 'b'])).toBe('$V');
    expect(document!.writtenAs(['c'])).toBeUndefined();
    expect(document!.writtenAs(['d', 2])).toBe('$L');
    expect(document!.writtenAs(['none', 'at', 'all'])).toBeUndefined();
  });
});

describe('YAML documents', () => {
  it('leaves a broken document out when the others are right', () => {
    const { values, problems } = read('a: 1\n---\nb: [1\n---\nc: 3\n');
    expect(values).toEqual([{ a: 1 }, { c: 3 }]);
    expect(problems.map(({ line, severity }) => [line, severity])).toEqual([[4, 'error']]);
    expect(problems[0]!.message).toMatch(/^found text that is not valid YAML: .*; correct it here or just above$/);
  });

  it('refuses a key that stands twice', () => {
    expect(read('a: 1\nb: {<<: {x: 1}, <<: {y: 2}}\na: 3\n').problems).toEqual([
      {
        line: 3,
        message: 'found the field "a" twice; expected it once; remove one',
        severity: 'error',
      },
    ]);
  });

  it('shows a reference as written when it stands in broken text', () => {
    const { problems } = read('a: *$V', { V: 'secret' });
    expect(problems.map(({ message }) => message).join()).not.toMatch(/secret|\uE000/);
    expect(problems).toHaveLength(1);
  });

  it('leaves empty documents out', () => {
    expect(read('---\n---\n# nothing\n---\na: 1\n---\n')).toMatchObject({ values: [{ a: 1 }], problems: [] });
  });

  it('finds the line of a member, or of its nearest parent', () => {
    const [, document] = read('x: 1\n---\na:\n  b:\n    - c: 1\n    - c: 2\n      d: 3\n').documents;
    const lines = [
      [],
      ['a'],
      ['a', 'b'],
      ['a', 'b', 0],
      ['a', 'b', 1, 'c'],
      ['a', 'b', 1, 'd'],
      ['a', 'b', 1, 'e'],
      ['a', 'b', 7, 'c'],
      ['z'],
    ];
    expect(lines.map((path) => document!.lineOf(path))).toEqual([3, 3, 4, 5, 6, 7, 6, 4, 3]);
  });

  it('follows aliases and merged members', () => {
    const [document] = read('a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\n').documents;
    expect(document!.value).toEqual({ a: { b: 1 }, c: { b: 1 }, d: { b: 1, e: 2 } });
    expect([document!.lineOf(['c', 'b']), document!.lineOf(['d', 'b'])]).toEqual([1, 3]);
  });

  it('refuses anchors that multiply', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x,x]',
      ...'bcdefg'
        .split('')
        .map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdef'[index]}`).join(',')}]`),
    ].join('\n');
    expect(read(`${bomb}\n---\nok: 1`)).toMatchObject({
      values: [{ ok: 1 }],
      problems: [
        {
          line: 1,
          message: 'found more than 100 uses of YAML anchors in one document; expected fewer; write the values out',
          severity: 'error',
        },
      ],
    });
  });

  it('refuses an alias without anchor', () => {
    const { values, problems } = read('a: *x\n');
    expect(values).toEqual([]);
    expect(problems).toMatchObject([{ line: 1, severity: 'error' }]);
  });

  it.each([
    ['flow lists', '['.repeat(200_000)],
    ['block lists', `${'- '.repeat(20_000)}x`],
  ])('refuses nesting without bound when it is of %s', (_, text) => {
    const { values, problems } = read(text);
    expect(values).toEqual([]);
    expect(problems[0]!.severity).toBe('error');
  });

  it('refuses variables that add too much', () => {
    const { values, problems } = read(`a: [${'"$V", '.repeat(200)}x]`, { V: 'x'.repeat(100_000) });
    expect(values).toEqual([]);
    expect(problems).toEqual([
      {
        line: 1,
        message: 'found variables that add more than 4 MiB to the text; expected less; use smaller values',
        severity: 'error',
      },
    ]);
  });
});
