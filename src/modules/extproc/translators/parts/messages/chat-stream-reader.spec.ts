import { describe, expect, it } from '@jest/globals';
import { playStream, startCell } from '../../../../../../test/harness/cell.js';
import { collectMessage, dataEvents } from '../../../../../../test/harness/message-events.js';
import { WAITING_CHARACTERS_MAX } from './chat-block-order.js';

const REQUEST = JSON.stringify({ model: 'm', max_tokens: 9, messages: [], stream: true });
const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const TOKENS = { inputTokens: 10, outputTokens: 5, totalTokens: 15 };
const DONE = '[DONE]';

const delta = (members: object | null, choice: object = {}, chunk: object = {}) => ({
  id: 'c',
  model: 'gpt',
  choices: [{ index: 0, delta: members, finish_reason: null, ...choice }],
  ...chunk,
});
const finish = (reason: string, chunk: object = {}) => delta({}, { finish_reason: reason }, chunk);
const calls = (...list: readonly object[]) => delta({ tool_calls: list });

const play = (...events: readonly unknown[]) =>
  playStream(startCell('messages', 'OpenAI', { body: REQUEST }), [dataEvents(events)]);
const messageOf = (...events: readonly unknown[]) => collectMessage(play(...events).text);
const text = (said: string) => ({ type: 'text', text: said });
const use = (id: string, name: string, input: object) => ({ type: 'tool_use', id, name, input });
const errorIn = (played: string) => /event: error\ndata: (.*)\n\n$/.exec(played)?.[1];

describe('the stream of a real server of chat completions, as a message', () => {
  it.each([
    ['reasoning_content (DeepSeek)', { reasoning_content: 'hm' }],
    ['reasoning (vLLM, OpenRouter)', { reasoning: 'hm', reasoning_details: [{ type: 'reasoning.text', text: 'hm' }] }],
    ['both', { reasoning_content: 'hm', reasoning: 'hm' }],
    ['one of both', { reasoning_content: null, reasoning: 'hm' }],
    ['a part of the content (Mistral)', { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }],
  ])('has the thinking that stands in %s', (_, members) => {
    const { content } = messageOf(delta(members), delta({ content: 'hi' }), finish('stop'), DONE);
    expect(content).toEqual([{ type: 'thinking', thinking: 'hm', signature: '' }, text('hi')]);
  });

  it('has the text of a content that is a list of parts', () => {
    const parts = [{ type: 'text', text: 'a' }, { type: 'reference' }, null, { type: 'text', text: 'b' }];
    expect(messageOf(delta({ content: parts }), finish('stop'), DONE).content).toEqual([text('ab')]);
  });

  it.each([
    ['on the last chunk with content (DeepSeek)', [delta({ content: 'hi' }), finish('stop', { usage: USAGE }), DONE]],
    [
      'on every chunk (vLLM)',
      [delta({ content: 'hi' }, {}, { usage: { prompt_tokens: 10 } }), finish('stop', { usage: USAGE }), DONE],
    ],
    ['on a chunk without choices', [delta({ content: 'hi' }), finish('stop'), { choices: [], usage: USAGE }, DONE]],
    [
      'on a chunk with an empty delta behind the finish (OpenRouter)',
      [delta({ content: 'hi' }), finish('stop'), delta({ content: '' }, {}, { usage: USAGE }), DONE],
    ],
    [
      'on a chunk without choices before the finish',
      [delta({ content: 'hi' }), { choices: [], usage: USAGE }, finish('stop'), DONE],
    ],
    [
      'behind a first chunk without choices (Azure)',
      [
        { id: '', model: '', choices: [], prompt_filter_results: [] },
        delta({ content: 'hi' }),
        finish('stop', { usage: null }),
        { choices: [], usage: USAGE },
        DONE,
      ],
    ],
    [
      'beside members that are null',
      [
        delta(null),
        delta({ content: null, tool_calls: null, refusal: null }, {}, { error: null, usage: null }),
        delta({ content: 'hi' }),
        delta(null, { finish_reason: 'stop' }, { usage: USAGE }),
        DONE,
      ],
    ],
    [
      'with the content and the finish in one chunk',
      [delta({ content: 'hi' }, { finish_reason: 'stop' }, { usage: USAGE }), DONE],
    ],
  ])('G20: has the usage %s', (_, events) => {
    const { text: told, facts } = play(...events);
    expect(collectMessage(told)).toMatchObject({
      content: [text('hi')],
      stop: 'end_turn',
      usage: { input_tokens: 10, output_tokens: 5 },
    });
    expect(facts).toEqual({ model: 'gpt', usage: TOKENS });
  });

  it.each([
    [
      'without an index',
      [{ id: 'a', function: { name: 'f', arguments: '{"x"' } }],
      [{ function: { arguments: ':1}' } }],
      [{ id: 'b', function: { name: 'g', arguments: '{}' } }],
    ],
    [
      'without index and id',
      [{ id: 'a', function: { name: 'f', arguments: '{"x":1}' } }],
      [{ id: '', function: { name: '', arguments: '' } }],
      [{ id: 'b', function: { name: 'g', arguments: '{}' } }],
    ],
    [
      'with one index for all',
      [{ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }],
      [{ index: 0, id: 'b', function: { name: 'g', arguments: '{}' } }],
    ],
    [
      'with indexes that begin at one',
      [{ index: 1, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }],
      [{ index: 2, id: 'b', function: { name: 'g', arguments: '{}' } }],
    ],
    [
      'with arguments that are objects',
      [{ index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } }],
      [{ index: 1, id: 'b', function: { name: 'g', arguments: {} } }],
    ],
    [
      'that interleave',
      [
        { index: 0, id: 'a', function: { name: 'f', arguments: '' } },
        { index: 1, id: 'b', function: { name: 'g' } },
      ],
      [{ index: 0, function: { arguments: '{"x"' } }],
      [{ index: 1, function: { arguments: '{' } }],
      [{ index: 0, function: { arguments: ':1}' } }],
      [{ index: 1, function: { arguments: '}' } }],
    ],
    [
      'with empty arguments behind their end',
      [{ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }],
      [
        { index: 1, id: 'b', function: { name: 'g', arguments: '{}' } },
        { index: 0, function: { arguments: '' } },
      ],
      [{ index: 0, function: { arguments: ' ' } }],
    ],
  ])('has tool calls %s', (_, ...deltas: (readonly object[])[]) => {
    const { content, stop } = messageOf(...deltas.map((list) => calls(...list)), finish('tool_calls'), DONE);
    expect(content).toEqual([use('a', 'f', { x: 1 }), use('b', 'g', {})]);
    expect(stop).toBe('tool_use');
  });

  it('tells calls apart that have a name and nothing else', () => {
    const call = (name: string) => ({ function: { name, arguments: '{}' } });
    const { content } = messageOf(calls(call('f')), calls(call('f')), calls(call('g')), finish('tool_calls'), DONE);
    expect(content).toEqual(
      [1, 2, 3].map((id) => use(`toolu_${String(id).padStart(24, '0')}`, id < 3 ? 'f' : 'g', {})),
    );
  });

  it('G20: puts text that comes amid the arguments of a call behind it', () => {
    const events = [
      calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
      delta({ content: '\n' }),
      calls({ index: 0, function: { arguments: ':1}' } }),
      delta({ content: 'done' }),
    ];
    expect(messageOf(...events, finish('tool_calls'), DONE).content).toEqual([use('a', 'f', { x: 1 }), text('\ndone')]);
  });

  it('streams the arguments of the call that is open', () => {
    const exchange = startCell('messages', 'OpenAI', { body: REQUEST });
    if (exchange.kind !== 'translating') throw new Error('the cell translates');
    const stream = exchange.stream({ status: 200, headers: { get: () => undefined, has: () => false } });
    stream.push(dataEvents([calls({ index: 0, id: 'a', function: { name: 'f', arguments: '' } })]));
    const out = Buffer.from(stream.push(dataEvents([calls({ index: 0, function: { arguments: '{"x"' } })])));
    expect(out.toString()).toContain('"partial_json":"{\\"x\\""');
  });

  it('gives what waits behind a call whose arguments never end, at the end', () => {
    const events = [
      calls({ index: 0, id: 'a', function: { name: 'f', arguments: '' } }),
      calls({ index: 1, id: 'b', function: { name: 'g', arguments: '{}' } }),
    ];
    expect(messageOf(...events, finish('tool_calls'), DONE).content).toEqual([use('a', 'f', {}), use('b', 'g', {})]);
  });

  it('refuses arguments behind the end of a call', () => {
    const call = { index: 0, id: 'a', function: { name: 'f', arguments: '{}' } };
    const played = play(calls(call), delta({ content: 'x' }), calls({ index: 0, function: { arguments: '{}' } }));
    expect(errorIn(played.text)).toBe(
      '{"type":"error","error":{"type":"api_error","message":"the provider\'s stream cannot be read: a chunk goes on with tool call 0, which has ended"}}',
    );
  });

  it('refuses more than it lets wait', () => {
    const half = 'x'.repeat(WAITING_CHARACTERS_MAX / 2);
    const waiting = [half, half, 'x'].map((said) => delta({ content: said }));
    const played = play(calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{' } }), ...waiting);
    expect(errorIn(played.text)).toContain(`more than ${WAITING_CHARACTERS_MAX} characters`);
  });

  it.each([
    [
      'an object of the old vLLM',
      { object: 'error', message: 'boom', type: 'InternalServerError', code: 500 },
      'InternalServerError',
      'boom',
    ],
    [
      'in the choice (OpenRouter)',
      delta({ content: '' }, { finish_reason: 'error', error: { code: 502, message: 'boom' } }),
      'api_error',
      'boom',
    ],
    ['the finish reason alone', finish('error'), 'api_error', 'the provider failed while it answered'],
  ])('G20: tells an error that is %s', (_, chunk, type, message) => {
    const { text: told, hasError } = play(delta({ content: 'hi' }), chunk, DONE);
    expect(errorIn(told)).toBe(JSON.stringify({ type: 'error', error: { type, message } }));
    expect(told).not.toContain('message_stop');
    expect(hasError).toBe(true);
  });
});
