import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { responseHead } from '../../../../../../test/harness/cell.js';
import { observeMedia } from './media-observer.js';

const USAGE = '{"input_tokens":3,"output_tokens":40,"total_tokens":43}';
const COUNTERS = { inputTokens: 3, outputTokens: 40, totalTokens: 43 };
const NOTHING = { facts: {}, hasError: false, isUsageFinal: false };
const FOUND = { facts: { usage: COUNTERS }, hasError: false, isUsageFinal: true };

function watch(contentType: string | undefined, chunks: readonly Buffer[], isStream = true) {
  const observer = observeMedia(
    isStream,
    responseHead(200, contentType === undefined ? {} : { 'content-type': contentType }),
  );
  for (const chunk of chunks) observer.push(chunk);
  observer.end();
  const { facts, hasError, isUsageFinal } = observer;
  return { facts, hasError, isUsageFinal };
}

const stream = (text: string) => watch('text/event-stream', [Buffer.from(text)]);
const chunked = (bytes: Buffer, sizeBytes: number) =>
  Array.from({ length: Math.ceil(bytes.length / sizeBytes) }, (_, index) =>
    bytes.subarray(index * sizeBytes, (index + 1) * sizeBytes),
  );

describe('observeMedia on a stream of events', () => {
  it.each(['image_generation.completed', 'image_edit.completed', 'transcript.text.done', 'speech.audio.done'])(
    'G26: reads the usage of %s',
    (type) => {
      expect(stream(`event: ${type}\ndata: {"type":"${type}","usage":${USAGE}}\n\n`)).toEqual(FOUND);
    },
  );

  const event = `data: {"type":"speech.audio.done","usage":${USAGE}}`;
  it.each([
    ['CRLF', `: hi\r\n${event}\r\n\r\n`],
    ['CR', `${event}\r\r`],
    ['no blank line at the end', event],
    ['no space', `${event.replace('data: ', 'data:')}\n\n`],
    ['a byte order mark', `\uFEFF${event}\n\n`],
    ['several data lines', `${event.replace(',"usage"', '\ndata: ,"usage"')}\n\n`],
    ['short lines around it', `id\n:\n\ndata\n\n${event}\n:\n\ndata:\n\n`],
    ['the done marker', `${event}\n\ndata: [DONE]\n\n`],
    ['events that cannot be read', `data: {"usage":\n\n${event}\n\ndata: "usage"\n\ndata: [{"usage":${USAGE}}]\n\n`],
    ['an event without usage behind it', `${event}\n\ndata: {"usage":null,"error":null}\n\n`],
    ['the words in text', `data: {"delta":"\\"usage\\" \\"error\\""}\n\n${event}\n\n`],
  ])('G15: reads a stream with %s', (_case, text) => {
    expect(stream(text)).toEqual(FOUND);
  });

  it('G26: finds no tokens in a duration', () => {
    expect(stream('data: {"type":"transcript.text.done","usage":{"type":"duration","seconds":27}}\n\n')).toEqual(
      NOTHING,
    );
  });

  it.each([
    'event: error\ndata: {"type":"error","error":{"message":"no"}}\n\n',
    'data: {"type":"error","message":"no"}\n\n',
    'data: {"error":{"message":"no"}}\n\n',
    'data: {"error":"no"}',
  ])('sees an error: %j', (text) => {
    expect(stream(text)).toEqual({ ...NOTHING, hasError: true });
  });

  it('sees no error in an event that holds none', () => {
    expect(stream('data: {"error":null,"type":"x"}\n\ndata: {"text":"error"}\n\n')).toEqual(NOTHING);
  });

  it('G11: reads the usage behind an image of many megabytes, in bounded memory and however it is cut', () => {
    const image = 'A'.repeat(5 << 20);
    const partial = `data: {"type":"image_generation.partial_image","b64_json":"${image}"}\n\n`;
    const bytes = Buffer.from(
      `${partial}data: {"type":"image_generation.completed","b64_json":"${image}","usage":${USAGE},"size":"1024x1024"}\n\n`,
    );
    for (const sizeBytes of [bytes.length, 65_536, 999_983, 1000]) {
      expect(watch('text/event-stream', chunked(bytes, sizeBytes))).toEqual(FOUND);
    }
  });

  it('sees the same however a stream is cut', () => {
    const pieces = fc.array(
      fc.constantFrom(
        'data: ',
        'data:',
        '\n',
        '\r',
        '\r\n',
        '\n\n',
        `{"usage":${USAGE}}`,
        '{"error":{}}',
        '{"usage":{"input_tokens":1}}',
        ': x',
        'event: y',
        '\uFEFF',
        'da',
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(), { maxLength: 10 }), fc.boolean(), (all, cuts, isCutEverywhere) => {
        const bytes = Buffer.from(all.join(''));
        const size = bytes.length + 1;
        const offsets = isCutEverywhere ? [...bytes.keys()] : cuts.map((cut) => cut % size).toSorted((a, b) => a - b);
        const chunks = [0, ...offsets].map((from, index) => bytes.subarray(from, offsets[index] ?? size));
        expect(watch('text/event-stream', chunks)).toEqual(watch('text/event-stream', [bytes]));
      }),
      { numRuns: 500 },
    );
  });
});

describe('observeMedia on a whole answer', () => {
  it.each(['application/json', 'Application/JSON; charset=utf-8', 'application/problem+json'])(
    'G26: reads the usage of %s, whatever was asked for',
    (contentType) => {
      for (const isStream of [false, true]) {
        expect(watch(contentType, [Buffer.from(`{"text":"hi","usage":${USAGE}}`)], isStream)).toEqual({
          ...FOUND,
          isUsageFinal: false,
        });
      }
    },
  );

  it.each([
    '{"usage":',
    '[]',
    'null',
    '',
    '{"usage":{"input_tokens":-1,"output_tokens":"x"}}',
    '{"usage":{"type":"duration","seconds":1}}',
    '{"usage":7}',
  ])('G11: finds nothing in %j', (text) => {
    expect(watch('application/json', [Buffer.from(text)])).toEqual(NOTHING);
  });

  it('reads the usage behind images of many megabytes', () => {
    const bytes = Buffer.from(`{"data":[{"b64_json":"${'A'.repeat(5 << 20)}"}],"usage":${USAGE}}`);
    expect(watch('application/json', chunked(bytes, 65_536)).facts).toEqual({ usage: COUNTERS });
  });

  it.each(['audio/mpeg', 'application/octet-stream', 'text/plain', 'text/vtt', '', undefined])(
    'does not look at %p',
    (contentType) => {
      for (const isStream of [false, true]) {
        expect(watch(contentType, [Buffer.from(`data: {"usage":${USAGE}}\n\n`)], isStream)).toEqual(NOTHING);
        expect(watch(contentType, [Buffer.from(`{"usage":${USAGE}}`)], isStream)).toEqual(NOTHING);
      }
    },
  );
});
