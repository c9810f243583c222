import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { faultOfTest, readChecklists } from './checklist.js';
import { TemporaryDirectory } from './temporary-directory.js';

const HERE = 'test/harness/checklist.spec.ts';

describe('faultOfTest', () => {
  it.each([
    ['as it is written', 'faultOfTest › finds a test %s'],
    ['as a row of its table reads', 'faultOfTest › finds a test as a row of its table reads'],
    ['without describe', 'reads every file of a folder, in order'],
  ])('finds a test %s', (_, test) => {
    expect(faultOfTest(HERE, test)).toBeUndefined();
  });

  it.each([
    ['its file is gone', 'test/harness/not-there.spec.ts', 'a › b', 'does not exist'],
    ['its title is another one', HERE, 'faultOfTest › is renamed', 'has no test'],
    ['its describe is another one', HERE, 'renamed › finds a test %s', 'has no test'],
    ['its table has no such row', HERE, `faultOfTest › finds a test ${'no'.repeat(2)}-such-row`, 'has no test'],
    ['only the describe is named', HERE, 'faultOfTest', 'has no test'],
  ])('misses a test when %s', (_, file, test, fault) => {
    expect(faultOfTest(file, test)).toContain(fault);
  });
});

it('reads every file of a folder, in order', () => {
  const directory = new TemporaryDirectory();
  writeFileSync(directory.file('b.yaml'), 'subsection: second\nrows: { one: [{ a: 1 }] }\n');
  writeFileSync(directory.file('a.yaml'), 'subsection: first\nrows: {}\n');
  expect(readChecklists(join(directory.path))).toEqual([
    { subsection: 'first', rows: {} },
    { subsection: 'second', rows: { one: [{ a: 1 }] } },
  ]);
  directory.remove();
});
