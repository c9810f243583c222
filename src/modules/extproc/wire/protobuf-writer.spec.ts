import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ProtobufReader } from './protobuf-reader.js';
import { ReverseProtobufWriter } from './protobuf-writer.js';

const written = (write: (writer: ReverseProtobufWriter) => void, expectedBytes?: number): Buffer => {
  const writer = new ReverseProtobufWriter(expectedBytes);
  write(writer);
  return writer.finish();
};

describe('ReverseProtobufWriter', () => {
  it.each([
    [0, '0800'],
    [1, '0801'],
    [127, '087f'],
    [128, '088001'],
    [300, '08ac02'],
    [2 ** 32, '088080808010'],
    [Number.MAX_SAFE_INTEGER, '08ffffffffffffff0f'],
  ])('writes the number %d', (value, hex) => {
    const bytes = written((writer) => writer.varint(1, value));
    expect(bytes.toString('hex')).toBe(hex);
    const reader = new ProtobufReader(bytes);
    expect([reader.next(), reader.field, reader.varint(), reader.next()]).toEqual([true, 1, value, false]);
  });

  it('writes nested messages behind their lengths', () => {
    const bytes = written((writer) => {
      const end = writer.mark();
      writer.string(2, 'b');
      writer.string(1, 'a');
      writer.message(7, end);
    });
    expect(bytes.toString('hex')).toBe('3a060a0161120162');
  });

  it('writes the same whatever size it expects', () => {
    const parts = fc.array(
      fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.constantFrom(127, 128, 511, 512, 513, 70_000)),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(parts, fc.integer({ min: 0, max: 100_000 }), (sizes, expectedBytes) => {
        const write = (writer: ReverseProtobufWriter) => {
          for (const [index, size] of sizes.entries()) {
            if (index % 2 === 0) writer.bytes(index + 1, Buffer.alloc(size, index));
            else writer.string(index + 1, 'é'.repeat(size));
          }
        };
        const bytes = written(write, expectedBytes);
        expect(bytes.equals(written(write))).toBe(true);
        const reader = new ProtobufReader(bytes);
        for (const [index, size] of [...sizes.entries()].toReversed()) {
          expect([reader.next(), reader.field]).toEqual([true, index + 1]);
          const value = reader.bytes();
          expect(value.equals(index % 2 === 0 ? Buffer.alloc(size, index) : Buffer.from('é'.repeat(size)))).toBe(true);
        }
        expect(reader.next()).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    [100_000, 200_000],
    [8 << 20, (9 << 20) + 1024],
  ])('takes bounded room for %d bytes that it did not expect', (size, bytesMax) => {
    const bytes = written((writer) => {
      writer.bytes(2, Buffer.alloc(size));
      writer.bytes(1, Buffer.alloc(100));
    });
    expect(bytes.buffer.byteLength).toBeGreaterThan(size);
    expect(bytes.buffer.byteLength).toBeLessThanOrEqual(bytesMax);
  });

  it('leaves room before the message', () => {
    const writer = new ReverseProtobufWriter();
    writer.bytes(1, Buffer.alloc(600, 1));
    const bytes = writer.finish(5);
    expect(bytes.length).toBe(5 + 603);
    expect(bytes.toString('hex', 5, 9)).toBe('0ad80401');
  });

  it('writes doubles', () => {
    const reader = new ProtobufReader(written((writer) => writer.double(3, -1.5)));
    expect([reader.next(), reader.field, reader.double()]).toEqual([true, 3, -1.5]);
  });
});
