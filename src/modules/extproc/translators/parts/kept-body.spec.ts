import { cpuUsage } from 'node:process';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { KeptBody } from './kept-body.js';

const USAGE = '"usage":{"prompt_tokens":3}}';
const LARGE_BYTES = 2 << 20;

function keep(bytes: Buffer, sizeBytes: (offset: number) => number): string {
  const body = new KeptBody();
  for (let offset = 0; offset < bytes.length;) {
    const end = offset + sizeBytes(offset);
    body.push(bytes.subarray(offset, end));
    offset = end;
  }
  return Buffer.from(body.take()).toString('latin1');
}

const large = (end: string) => Buffer.from(`{"data":"${'x'.repeat(LARGE_BYTES)}",${end}`);

describe('KeptBody', () => {
  it.each([0, 1, 4095, 4096, 4097, 100_000, 1 << 20])('keeps a body of %i bytes as it is', (length) => {
    const bytes = Buffer.from(Array.from({ length }, (_, index) => index % 251));
    for (const size of [1, 4095, 4096, 1 << 20]) expect(keep(bytes, () => size)).toBe(bytes.toString('latin1'));
  });

  it('keeps the bytes in order when small and large chunks alternate', () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));
    const sizes = fc.array(fc.constantFrom(1, 10, 4095, 4096, 9000), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sizes, (list) => {
        let next = 0;
        expect(keep(bytes, () => list[next++ % list.length]!)).toBe(bytes.toString('latin1'));
      }),
      { numRuns: 30 },
    );
  });

  it.each([1, 4, 4095, 4096, 65_535, 65_536, 1 << 20, 4 << 20])(
    'keeps the usage at the end of a large body in chunks of %i bytes',
    (size) => {
      expect(keep(large(`"model":"m",${USAGE}`), () => size)).toBe(`{"model":"m",${USAGE}`);
    },
  );

  it('keeps nothing of a large body whose end has no usage', () => {
    expect(keep(large('"a":1}'), () => 10_000)).toBe('');
    expect(keep(large(`${USAGE.slice(0, -1)},"more":"${'y'.repeat(64 << 10)}"}`), () => 10_000)).toBe('');
  });

  // Moving all kept chunks for each new one takes many seconds of CPU here. The clock on the wall tells of other processes.
  it('takes time in proportion to the body when its chunks are tiny', () => {
    const body = new KeptBody();
    const chunk = Buffer.from('xxxx');
    const started = cpuUsage();
    for (let bytes = 0; bytes < 4 << 20; bytes += chunk.length) body.push(chunk);
    expect(cpuUsage(started).user / 1000).toBeLessThan(3000);
    expect(body.take()).toHaveLength(0);
  });
});
