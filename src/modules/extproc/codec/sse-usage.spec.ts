import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { EVENT_BYTES_MAX } from './sse-scanner.js';
import { SseUsageScanner } from './sse-usage.js';

function scan(chunks: readonly Uint8Array[]): SseUsageScanner {
  const scanner = new SseUsageScanner();
  for (const chunk of chunks) {
    scanner.push(chunk);
    // What was handed over may be reused by the caller.
    chunk.fill(0x7a);
  }
  scanner.end();
  return scanner;
}

const factsOf = ({ usage, model, isUsageFinal, errorEvent }: SseUsageScanner) => ({
  usage,
  model,
  isUsageFinal,
  errorEvent,
});
const scanText = (text: string) => factsOf(scan([Buffer.from(text)]));
const NOTHING = { usage: undefined, model: undefined, isUsageFinal: false, errorEvent: false };

const FIRST = 'data: {"model":"m-1","choices":[{"delta":{"content":"\\"usage\\":{}"}}],"usage":null}';
const USAGE = 'data: {"model":"m-2","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}';
const DONE = 'data: [DONE]';
const TOKENS = { inputTokens: 3, outputTokens: 2, totalTokens: 5 };

describe('SseUsageScanner', () => {
  it('finds usage, model and the end of a stream', () => {
    expect(scanText(`${FIRST}\n\n${FIRST}\n\n${USAGE}\n\n${DONE}\n\n`)).toEqual({
      usage: TOKENS,
      model: 'm-2',
      isUsageFinal: true,
      errorEvent: false,
    });
  });

  it.each([
    ['LF', `${FIRST}\n\n${USAGE}\n\n`],
    ['CRLF', `${FIRST}\r\n\r\n${USAGE}\r\n\r\n`],
    ['CR', `${FIRST}\r\r${USAGE}\r\r`],
    ['mixed line ends', `${FIRST}\r\n\n${USAGE}\n\r\n`],
    ['no blank line at the end', `${FIRST}\n\n${USAGE}`],
    ['no space behind data:', `${FIRST}\n\n${USAGE.replace('data: ', 'data:')}\n\n`],
    ['comments and other fields', `: ping\n\n${FIRST}\n\n: ping\nevent: x\nid: 1\n${USAGE}\n: end\n\n`],
    [
      'several data lines',
      `${FIRST}\n\n${USAGE.replace('"choices"', '\ndata: "choices"').replace('3,', '\ndata:3,')}\n\n`,
    ],
    ['extra blank lines', `\n\n\n${FIRST}\n\n\n\n${USAGE}\n\n\n`],
    ['white space around the usage', `${FIRST}\n\n${USAGE.replace('"usage":', '"usage" :  ')}\n\n`],
    ['a byte order mark', `\uFEFF${USAGE}\n\n`],
    ['garbage before it', `data: {"usage":\n\ndata: {"usage":{"prompt_tokens":\n\n<html>\n\n${FIRST}\n\n${USAGE}\n\n`],
  ])('reads a stream with %s', (_case, text) => {
    expect(scanText(text)).toMatchObject({ usage: TOKENS, model: 'm-2' });
  });

  it.each([
    ['an empty stream', ''],
    ['only null usage', 'data: {"usage":null}\n\ndata: {"usage": null }\n\n'],
    ['usage deeper inside', 'data: {"choices":[{"usage":{"prompt_tokens":3}}]}\n\n'],
    ['usage that is not JSON', 'data: {"usage":{"prompt_tokens":3}\n\ndata: usage\n\n'],
    ['usage without a counter', 'data: {"usage":{"queue_time":3}}\n\n'],
    ['usage in a comment', ': {"usage":{"prompt_tokens":3}}\n\n'],
    ['another field', 'database: {"usage":{"prompt_tokens":3}}\n\ndata\n\n'],
    ['the done marker inside a text', 'data: {"choices":[{"delta":{"content":"[DONE]"}}]}\n\ndata: [DONE] x\n\n'],
    ['an error that is null or deeper inside', 'data: {"error":null}\n\ndata: {"x":{"error":{}},"y":"error"}\n\n'],
  ])('finds nothing in %s', (_case, text) => {
    expect(scanText(text)).toEqual(NOTHING);
  });

  it('sees an error event', () => {
    expect(scanText(`${FIRST}\n\ndata: {"error":{"message":"x"}}\n\n`)).toMatchObject({
      errorEvent: true,
      model: 'm-1',
    });
  });

  it('lets counters that are reported again overwrite, and keeps the others', () => {
    const text = `${USAGE}\n\ndata: {"choices":[{}],"usage":{"completion_tokens":9}}\n\n`;
    expect(scanText(text).usage).toEqual({ ...TOKENS, outputTokens: 9 });
  });

  it('reads the model of a later event when the first has none, but of no more than 16 events', () => {
    const empty = 'data: {"model":"","choices":[]}\n\n';
    expect(scanText(`${empty}${FIRST}\n\n`).model).toBe('m-1');
    expect(scanText(`${empty.repeat(15)}${FIRST}\n\n`).model).toBe('m-1');
    expect(scanText(`${empty.repeat(16)}${FIRST}\n\n`).model).toBeUndefined();
    expect(scanText(`${empty.repeat(16)}${USAGE}\n\n`).model).toBe('m-2');
  });

  it('calls usage final when no choices come with it, at the done marker or at the end', () => {
    const scanner = new SseUsageScanner();
    const finalAfter = (text: string) => {
      scanner.push(Buffer.from(text));
      return scanner.isUsageFinal;
    };
    expect(finalAfter('data: {"choices":[{}],"usage":{"prompt_tokens":1}}\n\n')).toBe(false);
    expect(finalAfter(`${USAGE}\n\n`)).toBe(true);
    expect(finalAfter('data: {"choices":[{}],"usage":{"prompt_tokens":1}}\n\n')).toBe(false);
    expect(finalAfter(`${DONE}\n\n`)).toBe(true);
  });

  it.each([
    ['of an event of the largest size, wherever it stands', 0, 'more', TOKENS],
    ['of a larger event at its end', 1, 'x', TOKENS],
    ['of a larger event not before its end', 1, 'more', undefined],
  ])('reads the usage %s, however it is cut', (_, over, filled, expected) => {
    const padded = (length: number) => {
      const event = USAGE.replace('"choices":[]', '"choices":[],"x":""').replace('}}', '},"more":"","y":0}');
      return event.replace(`"${filled}":"`, (member) => member + 'a'.repeat(length - event.length));
    };
    const usageOf = (length: number, chunkBytes: number, end: string) => {
      const stream = Buffer.from(padded(length) + end);
      const chunks: Buffer[] = [];
      for (let at = 0; at < stream.length; at += chunkBytes) chunks.push(stream.subarray(at, at + chunkBytes));
      return scan(chunks).usage;
    };
    expect(padded(EVENT_BYTES_MAX)).toHaveLength(EVENT_BYTES_MAX);
    for (const end of ['\n\n', '\n', '', '\n\n\n', `\n\n: x\n\n`]) {
      for (const chunkBytes of [EVENT_BYTES_MAX * 2, EVENT_BYTES_MAX + 1, EVENT_BYTES_MAX, 65_536, 1021]) {
        expect(usageOf(EVENT_BYTES_MAX + over, chunkBytes, end)).toEqual(expected);
      }
    }
  });

  it.each(['', ',"usage":{"prompt_tokens":', ',"usage":7', ',\\"usage\\":{\\"prompt_tokens\\":9}'])(
    'reads on behind an event that is too large and ends with %j',
    (end) => {
      const large = `data: "${'a'.repeat(EVENT_BYTES_MAX)}${end}`;
      const chunks = [large, '"\n', `\n${USAGE}\n\n`].map((text) => Buffer.from(text));
      expect(scan(chunks).usage).toEqual(TOKENS);
    },
  );

  it('gives the same result for any cut of the stream', () => {
    const event = fc.constantFrom(
      FIRST,
      USAGE,
      DONE,
      ': comment with "usage":{"prompt_tokens":1}',
      'data: {"error":{"message":"m"}}',
      'data: {"choices":[{}],"usage":{"total_tokens":7}}',
      'data: {"usage":{"prompt_tokens":1},\ndata: "model":"two lines"}',
      'event: x\ndata:{"model":"é"}',
      'data: {"usage":{"prompt',
      'data: [DONE] ',
      '\uFEFFdata: {"model":"bom"}',
      'data: {"model":""}',
      '"usage"',
      '',
    );
    const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
    const block = fc.tuple(event, lineEnd, fc.array(lineEnd, { minLength: 1, maxLength: 3 }));
    const stream = fc.tuple(fc.array(block, { maxLength: 8 }), event).map(([blocks, last]) => {
      const text = blocks.map(([body, end, more]) => body.replaceAll('\n', end) + end + more.join('')).join('');
      return text + last;
    });
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), fc.boolean(), (text, cuts, isCutEverywhere) => {
        const bytes = Buffer.from(text);
        const size = bytes.length + 1;
        const offsets = isCutEverywhere ? [...bytes.keys()] : cuts.map((cut) => cut % size).toSorted((a, b) => a - b);
        const chunks = [0, ...offsets].map((start, index) =>
          Buffer.from(bytes.subarray(start, offsets[index] ?? size)),
        );
        expect(factsOf(scan(chunks))).toEqual(scanText(text));
      }),
      { numRuns: 2000 },
    );
  });
});

it('does not take the colon of a later event for that of a key at the end of a line', () => {
  const events = [
    'data: {"model":"m-1","usage":null}\n\n',
    '\uFEFFdata: {"model":"bom"}\n"usage"\n\n',
    ': comment\n\n',
  ];
  const whole = new SseUsageScanner();
  whole.push(Buffer.from(events.join('')));
  const cut = new SseUsageScanner();
  for (const event of events) cut.push(Buffer.from(event));
  expect([whole.model, cut.model]).toEqual(['m-1', 'm-1']);
});
