import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import * as fc from 'fast-check';
import { AWS_MESSAGE_BYTES_MAX, AwsEventStreamDecoder } from './aws-event-stream.js';
import { FramingError } from './framing-error.js';

/** AWS's own codec, as an independent peer. */
const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
);
type Headers = Parameters<EventStreamCodec['encode']>[0]['headers'];
const message = (headers: Headers, payload: string | Uint8Array = '') =>
  Buffer.from(codec.encode({ headers, body: Buffer.from(payload as string) }));
const text = (value: string) => ({ type: 'string' as const, value });

/** A message framed by hand, with right checksums. */
function framed(
  headers: Uint8Array,
  payload: Uint8Array = Buffer.alloc(0),
  lengths: { total?: number; headers?: number } = {},
) {
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(lengths.total ?? 16 + headers.length + payload.length, 0);
  prelude.writeUInt32BE(lengths.headers ?? headers.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const body = Buffer.concat([prelude, headers, payload]);
  const end = Buffer.alloc(4);
  end.writeUInt32BE(crc32(body));
  return Buffer.concat([body, end]);
}

/** Payloads as text, for they are valid during the call only; overwrites each chunk after it was pushed. */
function decode(chunks: readonly Uint8Array[]) {
  const messages: unknown[] = [];
  const decoder = new AwsEventStreamDecoder(({ payload, ...rest }) =>
    messages.push({ ...rest, payload: payload.toString() }),
  );
  for (const chunk of chunks) {
    const reused = Buffer.from(chunk);
    decoder.push(reused);
    reused.fill(0x7a);
  }
  decoder.end();
  return messages;
}

const cutAt = (bytes: Buffer, cuts: readonly number[]) => {
  const offsets = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return offsets.slice(1).map((end, index) => bytes.subarray(offsets[index], end));
};

const NONE = {
  messageType: '',
  eventType: '',
  exceptionType: '',
  errorCode: '',
  errorMessage: '',
  contentType: '',
  payload: '',
};
const EVENT = message(
  { ':message-type': text('event'), ':event-type': text('chunk'), ':content-type': text('application/json') },
  '{"bytes":"e30=","p":"abc"}',
);
const READ_EVENT = {
  ...NONE,
  messageType: 'event',
  eventType: 'chunk',
  contentType: 'application/json',
  payload: '{"bytes":"e30=","p":"abc"}',
};

describe('AwsEventStreamDecoder', () => {
  it('reads an event', () => {
    expect(decode([EVENT])).toEqual([READ_EVENT]);
  });

  it('G7: reads exceptions and errors, which are no events', () => {
    const exception = message(
      { ':message-type': text('exception'), ':exception-type': text('throttlingException') },
      '{"message":"slow down"}',
    );
    const error = message({
      ':message-type': text('error'),
      ':error-code': text('InternalFailure'),
      ':error-message': text('it broke'),
    });
    expect(decode([exception, error])).toEqual([
      { ...NONE, messageType: 'exception', exceptionType: 'throttlingException', payload: '{"message":"slow down"}' },
      { ...NONE, messageType: 'error', errorCode: 'InternalFailure', errorMessage: 'it broke' },
    ]);
  });

  it('steps over headers of all types', () => {
    const all = message(
      {
        a: { type: 'boolean', value: true },
        b: { type: 'boolean', value: false },
        c: { type: 'byte', value: -1 },
        d: { type: 'short', value: -2 },
        e: { type: 'integer', value: 3 },
        f: { type: 'long', value: { bytes: new Uint8Array(8) } as never },
        g: { type: 'binary', value: Buffer.from([1, 2, 3]) },
        h: text('other'),
        i: { type: 'timestamp', value: new Date(0) },
        j: { type: 'uuid', value: '00000000-0000-4000-8000-000000000000' },
        ':event-type': text('last'),
      },
      'x',
    );
    expect(decode([all])).toEqual([{ ...NONE, eventType: 'last', payload: 'x' }]);
  });

  it('reads no header of its own as another kind than text', () => {
    const odd = message({ ':event-type': { type: 'integer', value: 3 }, ':message-type': text('') });
    expect(decode([odd, framed(Buffer.alloc(0))])).toEqual([NONE, NONE]);
  });

  it('reads header text that is not UTF-8 as U+FFFD', () => {
    const header = Buffer.concat([Buffer.from('\u000b:event-type\u0007', 'latin1'), Buffer.from([0, 2, 0xff, 0x61])]);
    expect(decode([framed(header)])).toEqual([{ ...NONE, eventType: '\uFFFDa' }]);
  });

  it('gives a message as soon as its last byte is there', () => {
    let count = 0;
    const decoder = new AwsEventStreamDecoder(() => count++);
    decoder.push(EVENT.subarray(0, -1));
    expect(count).toBe(0);
    decoder.push(Buffer.concat([EVENT.subarray(-1), EVENT, EVENT.subarray(0, 3)]));
    expect(count).toBe(2);
  });

  it('gives what the codec of AWS was given, however the bytes are cut', () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => value.toWellFormed());
    const one = fc.record({
      type: fc.constantFrom('event', 'exception', 'error'),
      name: word,
      payload: fc.string({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 4 }), fc.array(fc.nat(600), { maxLength: 12 }), (messages, positions) => {
        const bytes = Buffer.concat(
          messages.map(({ type, name, payload }) =>
            message({ ':message-type': text(type), x: { type: 'byte', value: 1 }, ':event-type': text(name) }, payload),
          ),
        );
        const cuts = positions.map((position) => Math.min(position, bytes.length));
        expect(decode(cutAt(bytes, cuts))).toEqual(
          messages.map(({ type, name, payload }) => ({ ...NONE, messageType: type, eventType: name, payload })),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same messages at every cut and in single bytes', () => {
    const bytes = Buffer.concat([EVENT, EVENT]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(decode(cutAt(bytes, [cut]))).toEqual([READ_EVENT, READ_EVENT]);
    }
    expect(decode([...bytes].map((byte) => Buffer.from([byte])))).toEqual([READ_EVENT, READ_EVENT]);
  });

  it('G7: refuses a message with any byte changed, and gives nothing behind it', () => {
    for (let index = 0; index < EVENT.length; index++) {
      const broken = Buffer.from(EVENT);
      broken[index]! ^= 0x10;
      const messages: string[] = [];
      const decoder = new AwsEventStreamDecoder(({ eventType }) => messages.push(eventType));
      expect(() => decoder.push(Buffer.concat([EVENT, broken, EVENT]))).toThrow(FramingError);
      expect(messages).toEqual(['chunk']);
    }
  });

  it.each<[string, Buffer, string]>([
    [
      'the checksum of the prelude is wrong',
      Buffer.from('HTTP/1.1 502'),
      'AWS event stream prelude does not match its CRC-32',
    ],
    [
      'the checksum of the message is wrong',
      Buffer.concat([EVENT.subarray(0, -1), Buffer.from([EVENT.at(-1)! ^ 1])]),
      'AWS event stream message does not match its CRC-32',
    ],
    [
      'it is shorter than its frame',
      framed(Buffer.alloc(0), Buffer.alloc(0), { total: 15 }),
      'AWS event stream message of 15 bytes cannot hold 0 bytes of headers',
    ],
    [
      'its headers are longer than it',
      framed(Buffer.alloc(0), Buffer.alloc(4), { headers: 5 }),
      'AWS event stream message of 20 bytes cannot hold 5 bytes of headers',
    ],
    [
      'it is too large',
      framed(Buffer.alloc(0), Buffer.alloc(0), { total: AWS_MESSAGE_BYTES_MAX + 1 }),
      'AWS event stream message of 8388609 bytes: expected at most 8388608',
    ],
    [
      'a header has an unknown type',
      framed(Buffer.from([1, 0x61, 10])),
      'AWS event stream header has the type 10: expected 0 to 9',
    ],
    [
      'a header has no type',
      framed(Buffer.from([1, 0x61])),
      'AWS event stream header has the type nothing: expected 0 to 9',
    ],
    [
      'a header name is cut',
      framed(Buffer.from([9, 0x61])),
      'AWS event stream header has the type nothing: expected 0 to 9',
    ],
    [
      'a header value is cut',
      framed(Buffer.from([1, 0x61, 4, 0, 0])),
      'AWS event stream header is longer than the headers of its message',
    ],
    [
      'the length of a header value is cut',
      framed(Buffer.from([1, 0x61, 7, 0])),
      'AWS event stream header is longer than the headers of its message',
    ],
    [
      'a header text is cut',
      framed(Buffer.from([1, 0x61, 7, 0, 3, 0x61])),
      'AWS event stream header is longer than the headers of its message',
    ],
  ])('refuses a message when %s', (_case, bytes, error) => {
    expect(() => decode([bytes])).toThrow(new FramingError(error));
    expect(() => decode([...bytes].map((byte) => Buffer.from([byte])))).toThrow(new FramingError(error));
  });

  it.each([1, 11, 12, 13, EVENT.length - 1])('refuses a stream that ends %p bytes into a message', (length) => {
    expect(() => decode([EVENT, EVENT.subarray(0, length)])).toThrow(
      new FramingError(`AWS event stream ends inside a message, after ${length} bytes of it`),
    );
  });

  it('reads a message that is as large as a message may be, cut into many chunks', () => {
    const payload = Buffer.alloc(AWS_MESSAGE_BYTES_MAX - 16, 'a');
    const bytes = framed(Buffer.alloc(0), payload);
    let size = 0;
    const decoder = new AwsEventStreamDecoder((found) => (size = found.payload.length));
    for (let offset = 0; offset < bytes.length; offset += 9999) decoder.push(bytes.subarray(offset, offset + 9999));
    expect(size).toBe(payload.length);
  });
});
