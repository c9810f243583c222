import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

/*
 * Every defect of the reference that is mended here (spec translators.md section 17) has a test that is named after its
 * number: in a title, in a row of a table of titles, or in the name of a golden case. One that was renamed or deleted with
 * its number is a failure here.
 */
const NUMBERS = [...Array.from({ length: 53 }, (_, index) => `G${index + 1}`), 'G20b'].toSorted();
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

const FILES = ['src/modules/extproc', 'test/data-plane'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(ROOT, folder, file)),
);
const OWN_NAME = basename(import.meta.url);

/** Of a text in quotes, so that a comment does not count. */
const QUOTED = /(['"`])(?:(?!\1).)*?\bG\d+b?\b.*?\1/g;
const numbersIn = (text: string) => text.match(/\bG\d+b?\b/g) ?? [];

const titles = FILES.filter((file) => file.endsWith('.spec.ts') && basename(file) !== OWN_NAME).flatMap((file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line))
    .flatMap((line) => line.match(QUOTED) ?? []),
);
/** The expectation of a golden case has its name. */
const cases = FILES.filter((file) => file.includes('/testdata/') && file.endsWith('.out.json')).map((file) =>
  basename(file),
);

describe('what is better than in the reference', () => {
  it('has a test that is named after each number', () => {
    const named = new Set([...titles, ...cases].flatMap(numbersIn));
    expect(NUMBERS.filter((number) => !named.has(number))).toEqual([]);
  });

  it('has no number that the list does not have', () => {
    expect([...new Set(cases.flatMap(numbersIn))].filter((number) => !NUMBERS.includes(number))).toEqual([]);
  });
});
