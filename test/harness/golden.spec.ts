import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkGolden, goldenCases } from './golden.js';

let directory: string;
let update: string | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'golden-'));
  update = process.env['UPDATE_GOLDEN'];
  delete process.env['UPDATE_GOLDEN'];
});

afterEach(() => {
  rmSync(directory, { recursive: true });
  if (update !== undefined) process.env['UPDATE_GOLDEN'] = update;
});

const write = (file: string, text = '') => writeFileSync(join(directory, file), text);

describe('goldenCases', () => {
  it('finds cases with their outputs when files are named after them', () => {
    write('b.in.yaml', 'two');
    write('a.in.json', 'one');
    write('a.aws.out.json');
    const cases = goldenCases(directory);
    expect(cases.map(({ name, inputText }) => [name, inputText])).toEqual([
      ['a', 'one'],
      ['b', 'two'],
    ]);
    expect(cases[0]?.outputPath('json', 'aws')).toBe(join(directory, 'a.aws.out.json'));
    expect(cases[0]?.outputPath('json')).toBe(join(directory, 'a.out.json'));
  });

  it('throws when an output has no input', () => {
    write('a.in.yaml');
    write('gone.out.yaml');
    expect(() => goldenCases(directory)).toThrow(
      `${directory}: gone.out.yaml belong to no input: delete them, or restore <case>.in.*`,
    );
  });

  it('throws when there is no case', () => {
    expect(() => goldenCases(directory)).toThrow(
      `${directory} holds no golden case: expected files named <case>.in.<extension>`,
    );
  });
});

describe('checkGolden', () => {
  it('passes when the text is that of the file', () => {
    write('a.out.yaml', 'x\n');
    expect(() => checkGolden(join(directory, 'a.out.yaml'), 'x\n')).not.toThrow();
  });

  it.each([
    { golden: 'x\ny\n', text: 'x\nz\n', line: 2, expected: 'y', received: 'z' },
    { golden: 'x\ny', text: 'x', line: 2, expected: 'y', received: '(end of text)' },
    { golden: 'x', text: 'x\ny', line: 2, expected: '(end of file)', received: 'y' },
  ])('names the line when $text is not $golden', ({ golden, text, line, expected, received }) => {
    write('a.out.yaml', golden);
    expect(() => checkGolden(join(directory, 'a.out.yaml'), text)).toThrow(
      `a.out.yaml differs at line ${line}; run with UPDATE_GOLDEN=1 if that is meant\nexpected: ${expected}\nreceived: ${received}`,
    );
  });

  it('throws when the file is missing', () => {
    expect(() => checkGolden(join(directory, 'a.out.yaml'), 'x')).toThrow(
      'a.out.yaml does not exist: run the test with UPDATE_GOLDEN=1 and read the file',
    );
  });

  it('writes the file when UPDATE_GOLDEN is 1', () => {
    process.env['UPDATE_GOLDEN'] = '1';
    checkGolden(join(directory, 'a.out.yaml'), 'x');
    delete process.env['UPDATE_GOLDEN'];
    expect(readFileSync(join(directory, 'a.out.yaml'), 'utf8')).toBe('x');
  });
});
