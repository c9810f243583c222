import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  assembleBundle,
  IncompleteBundleError,
  PART_SIZE_BYTES,
  PARTS_MAX,
  parseBundleIndex,
  splitBundle,
} from './bundle.js';

const id = { version: 'v', uuid: 'u' };
const partName = (i: number) => `gw-part-${i}`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const bytesByPath = (parts: readonly { readonly path: string; readonly bytes: Uint8Array }[]) =>
  new Map(parts.map(({ path, bytes }) => [path, bytes] as const));

describe('splitBundle and assembleBundle', () => {
  it('give back any document, wherever it is cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -3, max: 3 }), (parts, offset) => {
        const document = `${'x'.repeat(Math.max(0, parts * PART_SIZE_BYTES + offset))}€😀`;
        const split = splitBundle(document, id, partName);
        const index = parseBundleIndex(split.index, 'index.yaml');
        expect(assembleBundle(index, bytesByPath(split.parts), 'index.yaml')).toBe(document);
        expect(
          split.parts.every(({ bytes, sizeBytes }) => bytes.length === sizeBytes && sizeBytes <= PART_SIZE_BYTES),
        ).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('write an index with version, uuid, checksum and parts', () => {
    expect(JSON.parse(splitBundle('abc', id, partName).index)).toEqual({
      version: 'v',
      uuid: 'u',
      checksum: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      parts: [{ name: 'gw-part-0', path: 'parts/000', sizeBytes: 3 }],
    });
  });

  it('take exactly 8 full parts and refuse one byte more', () => {
    expect(splitBundle('x'.repeat(PARTS_MAX * PART_SIZE_BYTES), id, partName).parts).toHaveLength(8);
    expect(() => splitBundle('x'.repeat(PARTS_MAX * PART_SIZE_BYTES + 1), id, partName)).toThrow(
      'the filter configuration has 5734401 bytes, more than the 5734400 that can be stored; spread the routes over more gateways',
    );
  });
});

describe('assembleBundle', () => {
  const index = { ...id, checksum: sha256('ab'), parts: ['p/0', 'p/1'].map((path) => ({ name: '', path })) };
  const [a, b] = [Buffer.from('a'), Buffer.from('b')];

  it('takes a checksum in upper case', () => {
    const upper = { ...index, checksum: index.checksum.toUpperCase() };
    expect(
      assembleBundle(
        upper,
        new Map([
          ['p/0', a],
          ['p/1', b],
        ]),
        'i',
      ),
    ).toBe('ab');
  });

  it.each([
    ['a part is missing', new Map([['p/0', a]]), 'i: part p/1 is missing; it is read again when the files change'],
    [
      'the parts do not fit the index',
      new Map([
        ['p/0', b],
        ['p/1', a],
      ]),
      `i: checksum mismatch: the parts give ${sha256('ba')}, the index says ${sha256('ab')}; they are read again when the files change`,
    ],
  ])('asks for another try when %s', (_, parts, message) => {
    expect(() => assembleBundle(index, parts, 'i')).toThrow(IncompleteBundleError);
    expect(() => assembleBundle(index, parts, 'i')).toThrow(message);
  });
});

describe('parseBundleIndex', () => {
  it.each([
    [
      'no YAML',
      '{',
      'i:1: not valid YAML at column 2 (MISSING_CHAR); correct the syntax of this line or the one before',
    ],
    ['no checksum', 'parts: [{path: parts/000}]', 'i:1: checksum: found nothing, expected text that is not empty'],
    ['no parts', 'checksum: a', 'i:1: parts: found nothing, expected 1 to 64 parts'],
    ['an empty list of parts', 'checksum: a\nparts: []', 'i:2: parts: found nothing, expected 1 to 64 parts'],
    [
      'a part without path',
      'checksum: a\nparts:\n- name: x',
      'i:3: parts[0].path: found nothing, expected text that is not empty',
    ],
    [
      'a part above the bundle',
      'checksum: a\nparts:\n- path: ../../etc/passwd',
      'i:3: parts[0].path: found "../../etc/passwd", expected a path inside the bundle',
    ],
    [
      'an absolute part',
      'checksum: a\nparts:\n- path: /etc/passwd',
      'i:3: parts[0].path: found "/etc/passwd", expected a path inside the bundle',
    ],
    [
      'too many parts',
      JSON.stringify({ checksum: 'a', parts: Array.from({ length: 65 }, () => ({ path: 'p' })) }),
      'i:1: parts: found 65 parts, expected 1 to 64 parts',
    ],
  ])('refuses an index with %s', (_, text, message) => {
    expect(() => parseBundleIndex(text, 'i')).toThrow(expect.objectContaining({ name: 'UserFacingError', message }));
  });
});
