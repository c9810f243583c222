import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseMediaUsage, parseOpenAIUsage, readOpenAIResponse } from './usage.js';

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));

describe('parseOpenAIUsage', () => {
  it('reads all counters of a chat answer', () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 4, cache_creation_input_tokens: 2, audio_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: 3 },
    };
    expect(parseOpenAIUsage(usage)).toEqual({
      inputTokens: 10,
      cachedInputTokens: 4,
      cacheCreationInputTokens: 2,
      outputTokens: 5,
      totalTokens: 15,
      reasoningTokens: 3,
    });
  });

  it.each([
    ['only what embeddings report', { prompt_tokens: 3, total_tokens: 3 }, { inputTokens: 3, totalTokens: 3 }],
    ['zero as a report', { prompt_tokens: 0 }, { inputTokens: 0 }],
    ['fractions rounded down', { prompt_tokens: 7.9 }, { inputTokens: 7 }],
    ['huge numbers as 2^53-1', { prompt_tokens: 1e300 }, { inputTokens: Number.MAX_SAFE_INTEGER }],
    ['no negative or infinite counters', { prompt_tokens: -1, total_tokens: Infinity, completion_tokens: NaN }, {}],
    ['no counters of other types', { prompt_tokens: '5', total_tokens: null, completion_tokens: [1] }, {}],
    [
      'no details of other types',
      { prompt_tokens: 1, prompt_tokens_details: null, completion_tokens_details: 4 },
      { inputTokens: 1 },
    ],
  ])('reports %s', (_case, usage, expected) => {
    expect(parseOpenAIUsage(usage)).toEqual(expected);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.anything(), (value) => expect(typeof parseOpenAIUsage(value)).toBe('object')));
  });
});

describe('readOpenAIResponse', () => {
  it.each([
    ['{"model":"m","usage":{"prompt_tokens":1}}', { model: 'm', usage: { inputTokens: 1 } }],
    ['{"choices":[{"model":"x","usage":{"prompt_tokens":9}}]}', {}],
    ['{"model":"","usage":null}', {}],
    ['{"model":7,"usage":{}}', {}],
    [
      '{"usage":{"prompt_tokens":1},"model":"a","model":"b","usage":{"total_tokens":2}}',
      { model: 'b', usage: { totalTokens: 2 } },
    ],
    ['null', {}],
    ['', {}],
    ['<html>', {}],
    ['{"model":"m","usage":{"prompt_tokens":1}', {}],
  ])('reads %s', (text, expected) => {
    expect(readOpenAIResponse(bytesOf(text))).toEqual(expected);
  });
});

describe('parseMediaUsage', () => {
  it.each([
    [
      'tokens of a transcription',
      {
        type: 'tokens',
        input_tokens: 14,
        output_tokens: 45,
        total_tokens: 59,
        input_token_details: { audio_tokens: 14 },
      },
      { inputTokens: 14, outputTokens: 45, totalTokens: 59 },
    ],
    ['what is reported alone', { output_tokens: 0 }, { outputTokens: 0 }],
    ['no tokens in a duration', { type: 'duration', seconds: 27 }, {}],
    ['no counter in what is none', { input_tokens: '3', output_tokens: -1, total_tokens: null }, {}],
    ['fractions rounded down', { input_tokens: 1.5 }, { inputTokens: 1 }],
    ['nothing in null', null, {}],
    ['nothing in text', 'usage', {}],
  ])('G26: reads %s', (_, usage, expected) => {
    expect(parseMediaUsage(usage)).toEqual(expected);
  });
});
