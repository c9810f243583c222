import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { RealtimeObserver } from './realtime-observer.js';

/** One text frame of RFC 6455 with the shortest length that all tests need. */
function frame(event: object | string): Buffer {
  const payload = Buffer.from(typeof event === 'string' ? event : JSON.stringify(event));
  const head = Buffer.from([0x81, 126, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

const CLOSE = Buffer.from([0x88, 0]);
const created = { type: 'session.created', session: { type: 'realtime', model: 'gpt-realtime-2025-08-28' } };
const done = (usage: unknown) => ({ type: 'response.done', response: { id: 'resp_1', output: [], usage } });
const FIRST = {
  total_tokens: 253,
  input_tokens: 132,
  output_tokens: 121,
  input_token_details: { text_tokens: 119, audio_tokens: 13, cached_tokens: 64 },
  output_token_details: { text_tokens: 30, audio_tokens: 91 },
};

function observed(...chunks: readonly Uint8Array[]) {
  const observer = new RealtimeObserver();
  for (const chunk of chunks) observer.push(chunk);
  observer.end();
  return { ...observer.facts, isFinal: observer.isUsageFinal, hasError: observer.hasError };
}

describe('RealtimeObserver (G33)', () => {
  it('tells the model of the session and the sum of what its responses took', () => {
    const second = { total_tokens: 30, input_tokens: 20, output_tokens: 10, input_token_details: { cached_tokens: 8 } };
    const frames = [created, done(FIRST), { type: 'response.output_audio.delta', delta: 'QUJD' }, done(second)];
    expect(observed(...frames.map(frame))).toEqual({
      model: 'gpt-realtime-2025-08-28',
      usage: { inputTokens: 152, cachedInputTokens: 72, outputTokens: 131, totalTokens: 283 },
      isFinal: false,
      hasError: false,
    });
  });

  it('adds transcripts that are counted in tokens, not those counted in seconds', () => {
    const type = 'conversation.item.input_audio_transcription.completed';
    const tokens = { type, usage: { type: 'tokens', total_tokens: 12, input_tokens: 10, output_tokens: 2 } };
    const seconds = { type, usage: { type: 'duration', seconds: 4 } };
    expect(observed(frame(tokens), frame(seconds), frame(tokens)).usage).toEqual({
      inputTokens: 20,
      outputTokens: 4,
      totalTokens: 24,
    });
  });

  it('gives another usage object exactly when more was reported', () => {
    const observer = new RealtimeObserver();
    observer.push(frame(done(FIRST)));
    const { usage } = observer.facts;
    observer.push(frame(created));
    observer.push(frame(done(null)));
    expect(observer.facts.usage).toBe(usage);
    observer.push(frame(done(FIRST)));
    expect(observer.facts.usage).toMatchObject({ totalTokens: 506 });
  });

  it.each([
    ['usage of a response that is under way', { type: 'response.created', response: { usage: FIRST } }],
    ['a response without usage', { type: 'response.done', response: {} }],
    ['usage that is no object', done(7)],
    ['counters that are none', done({ total_tokens: -1, input_tokens: '3', output_tokens: null })],
    ['a response that is none', { type: 'response.done', response: 'usage' }],
    ['a type that is none', { type: { response: 'done' }, response: { usage: FIRST } }],
    ['a list', `[${JSON.stringify(done(FIRST))}]`],
    ['what is no JSON', `${JSON.stringify(done(FIRST))}!`],
  ])('counts nothing of %s', (_, event) => {
    expect(observed(frame(event))).toEqual({ isFinal: false, hasError: false });
  });

  it('knows a goodbye of the server, and bytes that are no frames', () => {
    expect(observed(frame(done(FIRST)), CLOSE)).toMatchObject({ isFinal: true, hasError: false });
    expect(observed(frame(done(FIRST)), Buffer.from('HTTP/1.1'))).toMatchObject({ isFinal: false, hasError: true });
  });

  it('law: any cut gives the same facts', () => {
    const all = Buffer.concat([...[created, done(FIRST), done(FIRST)].map(frame), CLOSE]);
    const whole = observed(all);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: all.length }), { maxLength: 12 }), (cuts) => {
        const offsets = [0, ...cuts.toSorted((a, b) => a - b), all.length];
        expect(observed(...offsets.slice(1).map((end, at) => all.subarray(offsets[at], end)))).toEqual(whole);
      }),
    );
  });
});
