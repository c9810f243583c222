import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FramingError } from './framing-error.js';
import { SSE_EVENT_BYTES_MAX, SseDecoder, type SseEvent } from './sse-decoder.js';

/** Overwrites each chunk after it was pushed: a decoder must not rely on it. */
function decode(chunks: readonly Uint8Array[]): SseEvent[] {
  const events: SseEvent[] = [];
  const decoder = new SseDecoder((event) => events.push(event));
  for (const chunk of chunks) {
    const reused = Buffer.from(chunk);
    decoder.push(reused);
    reused.fill(0x7a);
  }
  decoder.end();
  return events;
}

const decodeText = (text: string) => decode([Buffer.from(text)]);
const cutAt = (bytes: Buffer, cuts: readonly number[]) => {
  const offsets = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return offsets.slice(1).map((end, index) => bytes.subarray(offsets[index], end));
};

describe('SseDecoder', () => {
  it.each<[string, string, SseEvent[]]>([
    ['one event', 'data: a\n\n', [{ type: '', data: 'a' }]],
    ['a type', 'event: t\ndata: a\n\n', [{ type: 't', data: 'a' }]],
    ['a type behind the data', 'data: a\nevent: t\n\n', [{ type: 't', data: 'a' }]],
    ['two types, of which the last counts', 'event: t\nevent: u\ndata: a\n\n', [{ type: 'u', data: 'a' }]],
    [
      'a type of one event only',
      'event: t\ndata: a\n\ndata: b\n\n',
      [
        { type: 't', data: 'a' },
        { type: '', data: 'b' },
      ],
    ],
    ['no space', 'data:a\n\n', [{ type: '', data: 'a' }]],
    ['two spaces, of which one belongs to the value', 'data:  a \n\n', [{ type: '', data: ' a ' }]],
    ['an empty value', 'data:\n\n', [{ type: '', data: '' }]],
    ['a name without a colon', 'data\n\n', [{ type: '', data: '' }]],
    ['colons in the value', 'data: a: b\n\n', [{ type: '', data: 'a: b' }]],
    ['several data lines', 'data: a\ndata\ndata: b\n\n', [{ type: '', data: 'a\n\nb' }]],
    [
      'comments, other fields and longer names',
      ': hi\nid: 1\nretry: 2\ndatax: 3\ndat: 4\nfoo\ndata: a\n:\n\n',
      [{ type: '', data: 'a' }],
    ],
    ['fields in other case, which are other fields', 'Data: a\nDATA: b\n\n', []],
    ['a space before the name, which is another field', ' data: a\n\n', []],
    ['an event without data, which is none', 'event: ping\n\n: comment\n\ndata: a\n\n', [{ type: '', data: 'a' }]],
    ['many blank lines', '\n\n\ndata: a\n\n\n\n', [{ type: '', data: 'a' }]],
    ['the done marker', 'data: [DONE]\n\n', [{ type: '', data: '[DONE]' }]],
    ['CRLF', 'event: t\r\ndata: a\r\n\r\n', [{ type: 't', data: 'a' }]],
    [
      'CR',
      'event: t\rdata: a\r\rdata: b\r\r',
      [
        { type: 't', data: 'a' },
        { type: '', data: 'b' },
      ],
    ],
    [
      'mixed line ends',
      'data: a\r\n\ndata: b\n\rdata: c\r\n\r',
      [
        { type: '', data: 'a' },
        { type: '', data: 'b' },
        { type: '', data: 'c' },
      ],
    ],
    ['a byte order mark', '\uFEFFdata: a\n\n', [{ type: '', data: 'a' }]],
    [
      'a byte order mark in a later line, which is another field',
      'data: a\n\uFEFFdata: b\n\n',
      [{ type: '', data: 'a' }],
    ],
    ['a byte order mark alone', '\uFEFF', []],
    ['no bytes', '', []],
  ])('reads %s', (_case, text, expected) => {
    expect(decodeText(text)).toEqual(expected);
  });

  it.each(['data: a', 'data: a\n', 'data: a\r', 'data: a\r\n'])(
    'G15: reads the last event when the stream ends without a blank line: %j',
    (text) => {
      expect(decodeText(`data: 0\n\n${text}`)).toEqual([
        { type: '', data: '0' },
        { type: '', data: 'a' },
      ]);
    },
  );

  it('gives an event as soon as its blank line is there', () => {
    const events: SseEvent[] = [];
    const decoder = new SseDecoder((event) => events.push(event));
    decoder.push(Buffer.from('data: a\r\n'));
    expect(events).toHaveLength(0);
    decoder.push(Buffer.from('\r'));
    expect(events).toEqual([{ type: '', data: 'a' }]);
    decoder.push(Buffer.from('\ndata: b\n\nda'));
    expect(events).toHaveLength(2);
  });

  it('reads bytes that are not UTF-8 as U+FFFD, however they are cut', () => {
    const bytes = Buffer.concat([Buffer.from('data: é'), Buffer.from([0xff, 0xc3]), Buffer.from('\n\n')]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(decode(cutAt(bytes, [cut]))).toEqual([{ type: '', data: 'é\uFFFD\uFFFD' }]);
    }
  });

  const field = fc.stringMatching(/^[^\r\n\uFEFF]{0,8}$/u).map((text) => text.toWellFormed());
  const newline = fc.constantFrom('\n', '\r\n', '\r');
  const event = fc.record({ type: field, lines: fc.array(field, { minLength: 1, maxLength: 4 }) });
  const noise = fc.array(
    fc.oneof(
      fc.constantFrom('', ':', ': ping', 'id: 7', 'retry: 1', 'nonsense'),
      field.map((text) => `:${text}`),
    ),
    {
      maxLength: 3,
    },
  );

  it('gives the events that were written, whatever the line ends, the noise between them and the cuts', () => {
    const stream = fc.array(fc.tuple(event, newline, noise), { maxLength: 5 });
    const cuts = fc.array(fc.nat(300), { maxLength: 12 });
    fc.assert(
      fc.property(stream, cuts, fc.boolean(), (events, positions, isTerminated) => {
        let text = '';
        for (const [{ type, lines }, newlineText, comments] of events) {
          const all = [
            ...comments.filter((line) => line !== ''),
            `event: ${type}`,
            ...lines.map((line) => `data: ${line}`),
          ];
          text += [...all, '', ''].join(newlineText);
        }
        if (!isTerminated) text = text.replace(/(?:\r\n|\r|\n)$/, '');
        const bytes = Buffer.from(text);
        const expected = events.map(([{ type, lines }]) => ({ type, data: lines.join('\n') }));
        expect(
          decode(
            cutAt(
              bytes,
              positions.map((position) => Math.min(position, bytes.length)),
            ),
          ),
        ).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same events of any bytes, however they are cut', () => {
    const bytes = fc.array(fc.constantFrom('data', ': ', 'event', '\n', '\r', 'a', '\uFEFF', ' '), { maxLength: 30 });
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(60), { maxLength: 8 }), (pieces, positions) => {
        const whole = Buffer.from(pieces.join(''));
        const cuts = positions.map((position) => Math.min(position, whole.length));
        expect(decode(cutAt(whole, cuts))).toEqual(decode([whole]));
      }),
      { numRuns: 500 },
    );
  });

  const tooLarge = new FramingError('server-sent event is larger than 8388608 bytes');
  const half = Buffer.alloc(SSE_EVENT_BYTES_MAX / 2, 'a');

  it('reads an event that is as large as an event may be', () => {
    const data = Buffer.alloc(SSE_EVENT_BYTES_MAX - 'data: '.length, 'a');
    const [event] = decode([Buffer.from('data: '), data, Buffer.from('\n\n')]);
    expect(event?.data).toHaveLength(data.length);
  });

  it.each<[string, Uint8Array[]]>([
    ['its line is too long', [Buffer.from('data: '), half, half]],
    ['its line is too long and ends', [Buffer.concat([Buffer.from('data: '), half, half, Buffer.from('\n\n')])]],
    ['its lines are too many', [Buffer.from('data: '), half, Buffer.from('\ndata:'), half, Buffer.from('\n')]],
    ['it is a comment without an end', [Buffer.from(':'), half, half]],
  ])('refuses an event when %s', (_case, chunks) => {
    expect(() => decode(chunks)).toThrow(tooLarge);
  });

  it('reads small events without end', () => {
    let count = 0;
    const decoder = new SseDecoder(() => count++);
    const chunk = Buffer.from(`data: ${'a'.repeat(1 << 20)}\n: ${'b'.repeat(1 << 20)}\n\n`);
    for (let index = 0; index < 12; index++) decoder.push(chunk);
    expect(count).toBe(12);
  });
});
