import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MessageDeframer, writeFramePrefix } from './message-frames.js';

const framed = (message: Uint8Array) => writeFramePrefix(Buffer.concat([Buffer.alloc(5), message]));
const NO_LIMIT = 2 ** 32 - 1;

/** Cuts bytes at the offsets, in any order and repeated. */
function cutAt(bytes: Buffer, offsets: readonly number[]): Buffer[] {
  const sorted = offsets.map((offset) => offset % (bytes.length + 1)).toSorted((a, b) => a - b);
  return [0, ...sorted].map((start, index) => bytes.subarray(start, sorted[index] ?? bytes.length));
}

function deframe(chunks: readonly Buffer[], maxMessageBytes = NO_LIMIT) {
  const deframer = new MessageDeframer(maxMessageBytes);
  const messages: Buffer[] = [];
  for (const chunk of chunks) deframer.push(chunk, (message) => messages.push(message));
  return { messages, isAtBoundary: deframer.isAtBoundary };
}

const hexOf = (messages: readonly Uint8Array[]) => messages.map((message) => Buffer.from(message).toString('hex'));

describe('MessageDeframer', () => {
  it('gives the same messages for any cut of the stream', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
    fc.assert(
      fc.property(messages, fc.array(fc.nat(), { maxLength: 12 }), fc.boolean(), (sent, cuts, isCutEverywhere) => {
        const bytes = Buffer.concat(sent.map(framed));
        const found = deframe(cutAt(bytes, isCutEverywhere ? [...bytes.keys()] : cuts));
        expect(hexOf(found.messages)).toEqual(hexOf(sent));
        expect(found.isAtBoundary).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives messages of 0 to 300 kB back whole, whatever the chunks', () => {
    const sizeBytes = fc.oneof(fc.constantFrom(0, 1, 4, 5, 6, 255, 256, 65_535, 65_536, 300_000), fc.nat(300_000));
    const chunkBytes = fc.oneof(fc.constantFrom(1, 4, 5, 6, 16_384), fc.integer({ min: 1, max: 400_000 }));
    fc.assert(
      fc.property(fc.array(sizeBytes, { minLength: 1, maxLength: 3 }), chunkBytes, (sizes, chunk) => {
        const sent = sizes.map((size, index) => Buffer.alloc(size, index + 1));
        const bytes = Buffer.concat(sent.map(framed));
        const starts = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, index) => index * chunk);
        const found = deframe(starts.map((start) => bytes.subarray(start, start + chunk)));
        expect(found.messages.map((message, index) => message.equals(sent[index]!))).toEqual(sent.map(() => true));
      }),
      { numRuns: 40 },
    );
  });

  it('hands out a message that lies in one chunk as a view of it', () => {
    const chunk = framed(Buffer.from('abc'));
    const [message] = deframe([chunk]).messages;
    expect(message!.buffer).toBe(chunk.buffer);
    expect(message!.byteOffset).toBe(chunk.byteOffset + 5);
  });

  it.each([1, 4, 5, 7])('knows that %i bytes of a message are not a whole one', (sizeBytes) => {
    const found = deframe([framed(Buffer.from('abc')).subarray(0, sizeBytes)]);
    expect(found).toEqual({ messages: [], isAtBoundary: false });
  });

  it('takes a message of exactly the limit', () => {
    expect(deframe([framed(Buffer.alloc(10))], 10).messages).toHaveLength(1);
  });

  it.each([
    ['in one chunk', [11]],
    ['when its prefix is cut', [2, 11]],
  ])('refuses a larger message %s before its bytes have come', (_, cuts) => {
    const chunks = cutAt(framed(Buffer.alloc(11)).subarray(0, 5), cuts);
    const act = () => deframe(chunks, 10);
    expect(act).toThrow(
      expect.objectContaining({
        name: 'GrpcError',
        code: 8,
        message: 'received message of 11 bytes, at most 10 are accepted',
      }),
    );
  });

  it('gives the messages before a bad one', () => {
    const messages: string[] = [];
    const bytes = Buffer.concat([framed(Buffer.from('good')), Buffer.from([1, 0, 0, 0, 0])]);
    expect(() => new MessageDeframer(10).push(bytes, (message) => messages.push(message.toString()))).toThrow(
      expect.objectContaining({ code: 12, message: 'compressed gRPC messages are not supported' }),
    );
    expect(messages).toEqual(['good']);
  });
});

describe('writeFramePrefix', () => {
  it('writes the length of what follows, big endian', () => {
    expect(writeFramePrefix(Buffer.alloc(5 + 0x01_02_03, 0xff)).toString('hex', 0, 6)).toBe('0000010203ff');
  });
});
