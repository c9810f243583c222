import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ResponsesStreamObserver, WholeObserver, readInputTokens, readResponse } from './observe.js';
import { readResponsesUsage } from './usage.js';

const USAGE =
  '{"input_tokens":9,"input_tokens_details":{"cached_tokens":4,"cache_creation_input_tokens":2},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":14}';
const TOKENS = {
  inputTokens: 9,
  cachedInputTokens: 4,
  cacheCreationInputTokens: 2,
  outputTokens: 5,
  totalTokens: 14,
  reasoningTokens: 3,
};

const frame = (type: string, members: string) => `event: ${type}\ndata: {"type":"${type}",${members}}\n\n`;
const CREATED = frame(
  'response.created',
  '"sequence_number":0,"response":{"id":"r","model":"gpt-1","error":null,"usage":null}',
);
const DELTA = frame('response.output_text.delta', '"delta":"say \\"usage\\":{\\"input_tokens\\":7} error"');
const final = (type: string, usage: string, error = 'null') =>
  frame(type, `"response":{"id":"r","model":"gpt-1","error":${error},"output":[{"type":"new_item"}],"usage":${usage}}`);
const COMPLETED = final('response.completed', USAGE);

function watch(chunks: readonly Uint8Array[]) {
  const observer = new ResponsesStreamObserver();
  for (const chunk of chunks) {
    observer.push(chunk);
    // What was handed over may be reused by the caller.
    chunk.fill(0x7a);
  }
  observer.end();
  return { ...observer.facts, isUsageFinal: observer.isUsageFinal, hasError: observer.hasError };
}
const watchText = (text: string) => watch([Buffer.from(text)]);

describe('ResponsesStreamObserver', () => {
  it('G27: reads usage with reasoning and cache creation, and the model, of a stream', () => {
    expect(watchText(CREATED + DELTA + COMPLETED)).toEqual({
      model: 'gpt-1',
      usage: TOKENS,
      isUsageFinal: true,
      hasError: false,
    });
  });

  it('charges as soon as the completed event is there, before the stream ends', () => {
    const observer = new ResponsesStreamObserver();
    observer.push(Buffer.from(CREATED + DELTA));
    expect(observer.isUsageFinal).toBe(false);
    observer.push(Buffer.from(COMPLETED));
    expect(observer).toMatchObject({ isUsageFinal: true, facts: { usage: TOKENS } });
  });

  it.each([
    [
      'an incomplete answer',
      final('response.incomplete', USAGE),
      { usage: TOKENS, isUsageFinal: true, hasError: false },
    ],
    [
      'a failed answer',
      final('response.failed', USAGE, '{"code":"server_error"}'),
      { usage: TOKENS, isUsageFinal: true, hasError: true },
    ],
    ['a failed answer without usage', final('response.failed', 'null', '{}'), { isUsageFinal: false, hasError: true }],
    ['a completed answer without usage', final('response.completed', 'null'), { isUsageFinal: false, hasError: false }],
    ['a flat error event', frame('error', '"code":"x","message":"m"'), { isUsageFinal: false, hasError: true }],
    ['a nested error event', frame('error', '"error":{"message":"m"}'), { isUsageFinal: false, hasError: true }],
    ['an error without a type', 'data: {"error":{"message":"m"}}\n\n', { isUsageFinal: false, hasError: true }],
    ['an error that is null', 'data: {"error":null}\n\n', { isUsageFinal: false, hasError: false }],
    ['only a delta that ends in "error"', frame('x', '"delta":"error"'), { isUsageFinal: false, hasError: false }],
    ['an event behind the last one', COMPLETED + DELTA, { usage: TOKENS, isUsageFinal: true, hasError: false }],
    [
      'a last event without its blank line',
      COMPLETED.trimEnd(),
      { usage: TOKENS, isUsageFinal: true, hasError: false },
    ],
    [
      'a response that is no object',
      frame('response.completed', '"response":[],"usage":{"input_tokens":1}'),
      { isUsageFinal: false, hasError: false },
    ],
  ])('reads %s', (_, text, expected) => {
    expect(watchText(CREATED + text)).toEqual({ model: 'gpt-1', ...expected });
  });

  it.each([
    ['nothing', ''],
    ['JSON that is cut', 'data: {"type":"response.completed","response":{"usage":{"input_tokens":1}\n\n'],
    ['no JSON', 'data: error"\n\ndata: "usage":{}\n\n'],
    ['JSON of other types', 'data: ["error"]\n\ndata: {"type":7,"usage":{}}\n\ndata: null\n\n'],
  ])('G11: finds nothing in %s, and does not fail', (_, text) => {
    expect(watchText(text)).toEqual({ isUsageFinal: false, hasError: false });
  });

  it.each([
    ['response.completed', { isUsageFinal: true, hasError: false }],
    ['response.incomplete', { isUsageFinal: true, hasError: false }],
    ['response.failed', { isUsageFinal: true, hasError: true }],
    ['response.in_progress', { isUsageFinal: false, hasError: false }],
  ])('G11: reads the usage of a %s with images of many megabytes, however it is cut', (type, ends) => {
    const image = `{"type":"image_generation_call","result":"${'A'.repeat(3 << 20)}"}`;
    const response = `{"id":"r","error":null,"output":[${image}],"usage":${USAGE},"user":null,"metadata":{"usage":"x"}}`;
    const bytes = Buffer.from(CREATED + frame(type, `"response":${response}`));
    for (const size of [bytes.length, 65_536, 999_983, 1000]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        Buffer.from(bytes.subarray(index * size, (index + 1) * size)),
      );
      expect(watch(chunks)).toEqual({ model: 'gpt-1', usage: TOKENS, ...ends });
    }
  });

  it('finds the same however the stream is cut', () => {
    const pieces = fc.constantFrom(
      CREATED,
      DELTA,
      COMPLETED,
      frame('error', '"code":"x"'),
      'data: {"us',
      ': ping\r\n\r\n',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 8 }), (texts, cuts) => {
        const bytes = Buffer.from(texts.join(''));
        const offsets = cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b);
        const chunks = [0, ...offsets].map((from, index) => Buffer.from(bytes.subarray(from, offsets[index])));
        expect(watch(chunks)).toEqual(watch([Buffer.from(bytes)]));
      }),
    );
  });
});

const factsOf = (observer: WholeObserver, text: string) => {
  observer.push(Buffer.from(text));
  observer.end();
  return observer.facts;
};

describe('WholeObserver', () => {
  it('G11: reads an answer with items that the gateway does not know', () => {
    const text = `{"id":"r","model":"gpt-1","output":[{"type":"invented","x":{"usage":{}}}],"usage":${USAGE},"user":null}`;
    expect(factsOf(new WholeObserver(readResponse), text)).toEqual({ model: 'gpt-1', usage: TOKENS });
  });

  it('G11: reads the usage behind images of many megabytes, whatever stands behind it', () => {
    const output = `[{"type":"image_generation_call","result":"${'A'.repeat(3 << 20)}"}]`;
    const whole = `{"id":"r","output":${output},"usage":${USAGE},"metadata":{"usage":"x"}}`;
    const observer = new WholeObserver(readResponse);
    observer.push(Buffer.from(whole));
    observer.end();
    expect(observer.facts).toEqual({ usage: TOKENS });
  });

  it.each(['null', '', '[]', '<html>', '{"model":7,"usage":"x"}', '{"usage":null}'])('finds nothing in %p', (text) => {
    expect(factsOf(new WholeObserver(readResponse), text)).toEqual({});
    expect(factsOf(new WholeObserver(readInputTokens), text)).toEqual({});
  });

  it('reads the count of input tokens, and no model', () => {
    const text = '{"object":"response.input_tokens","model":"x","input_tokens":11}';
    expect(factsOf(new WholeObserver(readInputTokens), text)).toEqual({ usage: { inputTokens: 11 } });
  });
});

describe('readResponsesUsage', () => {
  it.each([
    ['fractions rounded down', { input_tokens: 1.9 }, { inputTokens: 1 }],
    ['zero as a report', { output_tokens: 0 }, { outputTokens: 0 }],
    ['nothing of other types', { input_tokens: '1', output_tokens: -1, input_tokens_details: null }, {}],
    ['nothing of null', null, {}],
  ])('reports %s', (_, usage, expected) => {
    expect(readResponsesUsage(usage)).toEqual(expected);
  });
});
