import { memoryUsage } from 'node:process';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { WEBSOCKET_MESSAGE_BYTES_MAX, WebSocketFrames } from './websocket-frames.js';

interface Frame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  readonly isFinal?: boolean;
  readonly reserved?: number;
  readonly isMasked?: boolean;
}

/** RFC 6455 section 5.2, by the shortest form of the length. */
function framed({ opcode, payload, isFinal = true, reserved = 0, isMasked = false }: Frame): Buffer {
  const { length } = payload;
  const extended = Buffer.alloc(length < 126 ? 0 : length < 65_536 ? 2 : 8);
  if (extended.length === 2) extended.writeUInt16BE(length);
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(length));
  const short = length < 126 ? length : length < 65_536 ? 126 : 127;
  const first = (isFinal ? 0x80 : 0) | reserved | opcode;
  const mask = isMasked ? Buffer.alloc(4) : Buffer.alloc(0);
  return Buffer.concat([Buffer.from([first, (isMasked ? 0x80 : 0) | short]), extended, mask, payload]);
}

const utf8 = (text: string) => Buffer.from(text);
const text = (message: string): Buffer => framed({ opcode: 1, payload: utf8(message) });
const close = framed({ opcode: 8, payload: Buffer.from([3, 232]) });

/** Overwrites each chunk after it was pushed, since it may be reused. */
function read(chunks: readonly Uint8Array[]) {
  const messages: string[] = [];
  const frames = new WebSocketFrames((message) => messages.push(message.toString()));
  for (const chunk of chunks) {
    const reused = Buffer.from(chunk);
    frames.push(reused);
    reused.fill(0x81);
  }
  return { messages, state: frames.state };
}

const cutAt = (bytes: Buffer, cuts: readonly number[]) => {
  const offsets = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return offsets.slice(1).map((end, index) => bytes.subarray(offsets[index], end));
};

describe('WebSocketFrames (G33)', () => {
  it.each([
    ['an empty message', [text('')], ['']],
    ['a short message', [text('{"type":"a"}')], ['{"type":"a"}']],
    ['a length of two bytes', [text('x'.repeat(126)), text('y')], ['x'.repeat(126), 'y']],
    ['a length of eight bytes', [text('x'.repeat(65_536)), text('y')], ['x'.repeat(65_536), 'y']],
    [
      'fragments with control frames in between',
      [
        framed({ opcode: 1, payload: utf8('one '), isFinal: false }),
        framed({ opcode: 9, payload: utf8('ping') }),
        framed({ opcode: 0, payload: utf8('two '), isFinal: false }),
        framed({ opcode: 10, payload: utf8('') }),
        framed({ opcode: 0, payload: utf8('') }),
        text('next'),
      ],
      ['one two ', 'next'],
    ],
    [
      'binary messages, which are passed over',
      [
        framed({ opcode: 2, payload: utf8('b'), isFinal: false }),
        framed({ opcode: 0, payload: utf8('b') }),
        text('after'),
      ],
      ['after'],
    ],
  ])('reads %s', (_, frames, messages) => {
    expect(read([Buffer.concat(frames)])).toEqual({ messages, state: 'open' });
  });

  it('reads nothing behind the Close frame of the server', () => {
    expect(read([text('a'), close, text('b')])).toEqual({ messages: ['a'], state: 'closed' });
  });

  it.each([
    ['a reserved bit, as of a compressed message', framed({ opcode: 1, payload: utf8('x'), reserved: 0x40 })],
    ['a mask', framed({ opcode: 1, payload: utf8('x'), isMasked: true })],
    ['an unknown data opcode', framed({ opcode: 3, payload: utf8('x') })],
    ['an unknown control opcode', framed({ opcode: 11, payload: utf8('x') })],
    ['a continuation of nothing', framed({ opcode: 0, payload: utf8('x') })],
    [
      'a message within a message',
      Buffer.concat([framed({ opcode: 1, payload: utf8('x'), isFinal: false }), text('y')]),
    ],
    ['a fragmented control frame', framed({ opcode: 9, payload: utf8('x'), isFinal: false })],
    ['a control frame of 126 bytes', framed({ opcode: 9, payload: Buffer.alloc(126) })],
    ['a length with its highest bit set', Buffer.from([0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 1, 0x41])],
  ])('ends its reading at %s', (_, bytes) => {
    expect(read([text('before'), bytes, text('behind')])).toEqual({
      messages: ['before'],
      state: 'broken',
    });
  });

  it('passes over a message above the bound, in one frame or in many, and reads on', () => {
    const half = Buffer.alloc(WEBSOCKET_MESSAGE_BYTES_MAX / 2 + 1, 'x');
    const large = framed({ opcode: 1, payload: Buffer.concat([half, half]) });
    const fragments = [
      framed({ opcode: 1, payload: half, isFinal: false }),
      framed({ opcode: 0, payload: half, isFinal: false }),
      framed({ opcode: 0, payload: utf8('!') }),
    ];
    expect(read([large, ...fragments, text('after')])).toEqual({ messages: ['after'], state: 'open' });
  });

  it('does not keep what a huge length announces', () => {
    const frames = new WebSocketFrames(() => {
      throw new Error('no message is complete');
    });
    frames.push(Buffer.from([0x81, 127, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
    const before = memoryUsage().arrayBuffers;
    const chunk = Buffer.alloc(1 << 20);
    for (let i = 0; i < 64; i++) frames.push(chunk);
    expect(memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
    expect(frames.state).toBe('open');
  });

  it('law: any cut of any frames gives the same messages', () => {
    const frame = fc.record({
      opcode: fc.constantFrom(0, 0, 1, 1, 1, 2, 8, 9, 10, 11),
      payload: fc.oneof(
        { weight: 6, arbitrary: fc.uint8Array({ maxLength: 20 }) },
        { weight: 1, arbitrary: fc.uint8Array({ minLength: 120, maxLength: 300 }) },
      ),
      isFinal: fc.boolean(),
    });
    const bytes = fc.oneof(
      fc.array(frame, { maxLength: 12 }).map((frames) => Buffer.concat(frames.map(framed))),
      fc.uint8Array({ maxLength: 64 }).map((any) => Buffer.from(any)),
    );
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 20 }), (all, cuts) => {
        const whole = read([all]);
        expect(read(cutAt(all, cuts))).toEqual(whole);
        expect(read([...all].map((byte) => Buffer.from([byte])))).toEqual(whole);
      }),
    );
  });

  it('law: what is framed is what is read, however it is fragmented', () => {
    const messages = fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.array(fc.nat())), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(messages, (sent) => {
        const bytes = sent.flatMap(([message, cuts]) => {
          const parts = cutAt(utf8(message), cuts);
          return parts.map((payload, index) =>
            framed({ opcode: index === 0 ? 1 : 0, payload, isFinal: index === parts.length - 1 }),
          );
        });
        expect(read([Buffer.concat(bytes)]).messages).toEqual(sent.map(([message]) => message));
      }),
    );
  });
});
