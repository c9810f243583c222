import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { fixedEnv, playStream, startCell } from '../../../../../../test/harness/cell.js';

const CONTENT = 'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"\\"usage\\""}}]}\n\n';
const USAGE =
  'data: {"id":"c","model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\n';
const DONE = 'data: [DONE]\n\n';
const SPENT = { inputTokens: 3, outputTokens: 2, totalTokens: 5 };

const FORCED = { body: '{"model":"m","stream":true}', forcesUsage: true };
const ASKED = { ...FORCED, body: '{"model":"m","stream":true,"stream_options":{"include_usage":true}}' };
const hiding = () => fixedEnv({ hidesUnaskedUsage: true });

describe('G40: usage that the client did not ask for', () => {
  it.each([
    ['chat-completions', 'OpenAI'],
    ['chat-completions', 'AzureOpenAI'],
    ['completions', 'OpenAI'],
    ['completions', 'AzureOpenAI'],
  ] as const)('is hidden from streams of %s → %s when the operator wants that', (endpoint, schema) => {
    const exchange = startCell(endpoint, schema, FORCED, hiding());
    const { text, facts } = playStream(exchange, [Buffer.from(CONTENT + USAGE + DONE)]);
    expect(text).toBe(CONTENT + DONE);
    expect(facts.usage).toEqual(SPENT);
  });

  it('stays by default, as in the reference', () => {
    expect(startCell('chat-completions', 'OpenAI', FORCED).kind).toBe('observing');
  });

  it('stays when the client asked for it', () => {
    expect(startCell('chat-completions', 'OpenAI', ASKED, hiding()).kind).toBe('observing');
  });

  it('goes on with a chunk that says something', () => {
    const both = 'data: {"choices":[{"index":0,"delta":{"content":"x"}}],"usage":{"prompt_tokens":3}}\n\n';
    const exchange = startCell('chat-completions', 'OpenAI', FORCED, hiding());
    expect(playStream(exchange, [Buffer.from(both + DONE)]).text).toBe(both + DONE);
  });

  it('is hidden however the stream is cut', () => {
    const bytes = Buffer.from(CONTENT + USAGE + CONTENT + DONE);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) => {
        const offsets = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const chunks = offsets.slice(1).map((end, index) => Buffer.from(bytes.subarray(offsets[index], end)));
        const exchange = startCell('chat-completions', 'OpenAI', FORCED, hiding());
        expect(playStream(exchange, chunks).text).toBe(CONTENT + CONTENT + DONE);
      }),
    );
  });

  it('ends in an error when an event is too large to be read', () => {
    const exchange = startCell('chat-completions', 'OpenAI', FORCED, hiding());
    const { text, hasError } = playStream(exchange, [Buffer.from(CONTENT), Buffer.alloc(9 << 20, 'x')]);
    expect(hasError).toBe(true);
    expect(text).toMatch(/data: \{"error":\{.*cannot be read.*\}\}\n\ndata: \[DONE\]\n\n$/);
  });
});
