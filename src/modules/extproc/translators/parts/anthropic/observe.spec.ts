import { describe, expect, it } from '@jest/globals';
import { AnthropicStreamObserver, AnthropicWholeObserver } from './observe.js';

const event = (type: string, members: object = {}) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
const start = (usage: object | undefined, model = 'claude-1') =>
  event('message_start', { message: { id: 'msg', model, usage } });
const delta = (usage?: object) => event('message_delta', { delta: { stop_reason: 'end_turn' }, usage });
const text = (content: string) =>
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: content } });
const STOP = event('message_stop');

function watch(stream: string) {
  const observer = new AnthropicStreamObserver();
  observer.push(Buffer.from(stream));
  const isUsageFinalBeforeEnd = observer.isUsageFinal;
  observer.end();
  return { ...observer.facts, hasError: observer.hasError, isUsageFinal: isUsageFinalBeforeEnd };
}

const usageOf = (input: number, cached: number, created: number, output: number | undefined, reasoning?: number) => ({
  inputTokens: input,
  cachedInputTokens: cached,
  cacheCreationInputTokens: created,
  ...(output === undefined ? {} : { outputTokens: output }),
  totalTokens: input + (output ?? 0),
  ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
});

describe('AnthropicStreamObserver', () => {
  it('adds cached tokens to the input and takes cumulative counters as they are', () => {
    const stream =
      start({ input_tokens: 5, cache_read_input_tokens: 10, cache_creation_input_tokens: 20, output_tokens: 1 }) +
      text('hello') +
      delta({ output_tokens: 42 }) +
      STOP;
    expect(watch(stream)).toEqual({
      model: 'claude-1',
      usage: usageOf(35, 10, 20, 42),
      hasError: false,
      isUsageFinal: true,
    });
  });

  it.each([
    ['message_start alone', start({ input_tokens: 5, output_tokens: 1 }), usageOf(5, 0, 0, 1), false],
    [
      'zeros of a delta, which tell nothing',
      start({ input_tokens: 5, cache_read_input_tokens: 2 }) +
        delta({ input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 7 }),
      usageOf(7, 2, 0, 7),
      true,
    ],
    [
      'no output at all',
      start({ input_tokens: 5, output_tokens: 3 }) + delta({ output_tokens: 0 }),
      usageOf(5, 0, 0, 0),
      true,
    ],
    [
      'input told in the delta',
      start({ input_tokens: 0, output_tokens: 0 }) +
        delta({ input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 2 }),
      usageOf(13, 4, 0, 2),
      true,
    ],
    [
      'cache creation told in the delta',
      start({ input_tokens: 5, cache_read_input_tokens: 4 }) +
        delta({ cache_creation_input_tokens: 3, output_tokens: 2 }),
      usageOf(12, 4, 3, 2),
      true,
    ],
    ['output without input', delta({ output_tokens: 2 }), usageOf(0, 0, 0, 2), true],
    [
      'several deltas',
      start({ input_tokens: 5 }) + delta({ output_tokens: 2 }) + delta({ output_tokens: 6 }),
      usageOf(5, 0, 0, 6),
      true,
    ],
    [
      'thinking tokens',
      start({ input_tokens: 5 }) + delta({ output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } }),
      usageOf(5, 0, 0, 9, 4),
      true,
    ],
    ['a delta without usage', start({ input_tokens: 5, output_tokens: 1 }) + delta(), usageOf(5, 0, 0, 1), false],
    ['the end without a delta', start({ input_tokens: 5, output_tokens: 1 }) + STOP, usageOf(5, 0, 0, 1), true],
    [
      'counters that are none',
      start({ input_tokens: -1, output_tokens: 'x', cache_read_input_tokens: null }) + delta({ output_tokens: 2.9 }),
      usageOf(0, 0, 0, 2),
      true,
    ],
    ['no space behind data:', delta({ output_tokens: 2 }).replace('data: ', 'data:'), usageOf(0, 0, 0, 2), true],
    [
      'an event without the final blank line',
      (start({ input_tokens: 5 }) + delta({ output_tokens: 2 })).trimEnd(),
      usageOf(5, 0, 0, 2),
      false,
    ],
  ])('reads %s', (_, stream, usage, isUsageFinal) => {
    expect(watch(stream)).toMatchObject({ usage, isUsageFinal, hasError: false });
  });

  it.each([
    ['an empty stream', ''],
    ['a message without usage', start(undefined, '') + STOP],
    ['text that speaks of usage', text('{"type":"message_delta","usage":{"output_tokens":2}} message_stop')],
    ['an event that is no JSON', 'data: {"type":"message_delta","usage":{"output_tokens":2}\n\n'],
    ['a message_start without message', event('message_start')],
  ])('finds nothing in %s', (_, stream) => {
    expect(watch(stream)).toEqual({ hasError: false, isUsageFinal: false });
  });

  it('reads the model behind pings', () => {
    expect(watch(event('ping').repeat(3) + start(undefined, 'claude-2')).model).toBe('claude-2');
  });

  it.each([
    ['an error event', event('error', { error: { type: 'overloaded_error', message: 'x' } })],
    ['an error without type', 'data: {"error":{"message":"x"}}\n\n'],
  ])('sees %s', (_, error) => {
    expect(watch(start({ input_tokens: 5 }) + error)).toMatchObject({
      hasError: true,
      usage: usageOf(5, 0, 0, undefined),
    });
  });
});

describe('AnthropicWholeObserver', () => {
  const read = (body: string) => {
    const observer = new AnthropicWholeObserver();
    observer.push(Buffer.from(body));
    observer.end();
    return observer.facts;
  };

  it.each([
    [
      '{"model":"c","usage":{"input_tokens":5,"cache_read_input_tokens":2,"output_tokens":3}}',
      { model: 'c', usage: usageOf(7, 2, 0, 3) },
    ],
    ['{"model":"c"}', { model: 'c' }],
    ['{"model":"c","usage":null}', { model: 'c' }],
    ['{"model":7,"usage":[]}', {}],
    ['{"model":"c"', {}],
    ['', {}],
    ['{"usage":{"input_tokens":1e300,"output_tokens":0}}', { usage: usageOf(Number.MAX_SAFE_INTEGER, 0, 0, 0) }],
  ])('reads %s', (body, facts) => {
    expect(read(body)).toEqual(facts);
  });
});
