import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { EndpointName } from '../../endpoints/endpoint.js';
import type { AnswerFold, FoldedAnswer } from './answer-fold.js';
import { ChatReader } from './chat-reader.js';
import { chooseFold } from './choose-fold.js';
import { StreamFold } from './stream-fold.js';
import { WholeFold } from './whole-fold.js';

const sse = (events: readonly unknown[]) =>
  events.map((data) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`).join('');

function fold(endpoint: EndpointName, events: readonly unknown[], isCut = false): FoldedAnswer {
  const one = chooseFold(endpoint, true)!;
  one.push(Buffer.from(sse(events)));
  return one.end(isCut);
}

const documentOf = ({ answer }: FoldedAnswer) => (answer?.kind === 'json' ? answer.document : answer);

const delta = (content: string, more: object = {}) => ({ choices: [{ index: 0, delta: { content }, ...more }] });

describe('a folded chat stream', () => {
  it('joins texts, takes identity of the first chunk and usage of the last', () => {
    const usage = { prompt_tokens: 1 };
    const found = fold('chat-completions', [
      {
        id: 'a',
        created: 1,
        model: '',
        service_tier: 'x',
        system_fingerprint: 'f',
        choices: [{ index: 0, delta: { role: 'assistant', content: '' } }],
      },
      { id: 'b', created: 2, model: 'm', ...delta('he') },
      { model: 'n', ...delta('llo', { finish_reason: 'length' }), obfuscation: 'zz' },
      { choices: [], usage },
      '[DONE]',
    ]);
    expect(documentOf(found)).toEqual({
      id: 'a',
      created: 1,
      service_tier: 'x',
      system_fingerprint: 'f',
      object: 'chat.completion.chunk',
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'length' }],
      usage,
      obfuscation: 'zz',
    });
    expect(found).toMatchObject({ isTruncated: false, error: undefined });
    expect(found.answer).toMatchObject({ text: JSON.stringify(documentOf(found)) });
  });

  it('keeps an empty text, and reads a missing finish reason as stop', () => {
    const found = fold('chat-completions', [{ id: 'a', ...delta('') }]);
    expect(documentOf(found)).toMatchObject({
      choices: [{ index: 0, message: { content: '' }, finish_reason: 'stop' }],
    });
  });

  it('keeps tool calls and the choices after the first', () => {
    const call = (index: number, more: object) => ({
      choices: [{ index: 0, delta: { tool_calls: [{ index, ...more }] } }],
    });
    const found = fold('chat-completions', [
      call(1, { id: 'c1', type: 'function', function: { name: 'g', arguments: '{' } }),
      call(0, { id: 'c0', function: { name: 'f', arguments: '' } }),
      call(1, { function: { arguments: '}' } }),
      { choices: [{ index: 1, delta: { content: 'other', refusal: 'no' }, finish_reason: 'content_filter' }] },
    ]);
    expect(documentOf(found)).toMatchObject({
      choices: [
        {
          index: 0,
          message: {
            tool_calls: [
              { id: 'c0', type: 'function', function: { name: 'f', arguments: '' } },
              { id: 'c1', type: 'function', function: { name: 'g', arguments: '{}' } },
            ],
          },
        },
        { index: 1, message: { content: 'other', refusal: 'no' }, finish_reason: 'content_filter' },
      ],
    });
  });

  it('says nothing of an end that it did not see when it was cut', () => {
    const [choice] = (documentOf(fold('chat-completions', [delta('x')], true)) as { choices: object[] }).choices;
    expect(choice).toEqual({ index: 0, message: { content: 'x' } });
  });

  it('tells an error event and keeps what came before', () => {
    const error = { error: { message: 'overloaded' } };
    const found = fold('chat-completions', [delta('x'), error, delta('y')]);
    expect(found.error).toBe(JSON.stringify(error));
    expect(documentOf(found)).toMatchObject({ choices: [{ message: { content: 'xy' } }] });
  });

  it.each([[[]], [['[DONE]']], [['no JSON', '[]', 'null']]])('has no answer when no chunk came: %j', (events) => {
    expect(fold('chat-completions', events).answer).toBeUndefined();
  });

  it('stops keeping text beyond its budget, and still learns the usage', () => {
    const one = new StreamFold((budget) => new ChatReader(budget), 6);
    one.push(
      Buffer.from(sse([delta('1234'), delta('5\u{1F600}7'), delta('8'), { choices: [], usage: { total_tokens: 9 } }])),
    );
    const found = one.end(false);
    expect(found.isTruncated).toBe(true);
    expect(documentOf(found)).toMatchObject({
      choices: [{ message: { content: '12345' } }],
      usage: { total_tokens: 9 },
    });
  });

  it('gives up on an event that is larger than any', () => {
    const one = chooseFold('chat-completions', true)!;
    one.push(Buffer.from(sse([delta('x')])));
    for (let i = 0; i < 9; i++) one.push(Buffer.alloc(1 << 20, 'data'));
    expect(one.end(false)).toMatchObject({ isTruncated: true, answer: { kind: 'json' } });
  });
});

describe('a folded completions stream', () => {
  it('joins texts by choice, with the identity of the last chunk', () => {
    const found = fold('completions', [
      {
        id: 'a',
        created: 1,
        model: 'm',
        choices: [{ index: 1, text: 'b' }, { text: 'a' }],
        usage: { prompt_tokens: 1 },
      },
      {
        id: 'z',
        object: 'text_completion',
        created: 2,
        model: 'n',
        choices: [{ index: 1, text: 'B', finish_reason: 'stop' }],
      },
    ]);
    expect(documentOf(found)).toEqual({
      id: 'z',
      object: 'text_completion',
      created: 2,
      model: 'n',
      choices: [
        { index: 1, text: 'bB', finish_reason: 'stop' },
        { index: 0, text: 'a' },
      ],
      usage: { prompt_tokens: 1 },
    });
  });
});

const MESSAGE_START = {
  type: 'message_start',
  message: {
    id: 'm',
    role: 'assistant',
    model: 'c',
    content: [],
    usage: { input_tokens: 3, cache_read_input_tokens: 0, output_tokens: 1 },
  },
};
const blockStart = (index: number, content_block: object) => ({ type: 'content_block_start', index, content_block });
const blockDelta = (index: number, found: object) => ({ type: 'content_block_delta', index, delta: found });

describe('a folded messages stream', () => {
  it('builds blocks of deltas and keeps the counts of its start', () => {
    const found = fold('messages', [
      MESSAGE_START,
      blockStart(0, { type: 'thinking', thinking: '', signature: '' }),
      blockDelta(0, { type: 'thinking_delta', thinking: 'hm' }),
      blockDelta(0, { type: 'signature_delta', signature: 's' }),
      blockStart(1, { type: 'text', text: '' }),
      blockDelta(1, { type: 'text_delta', text: 'he' }),
      { type: 'ping' },
      blockDelta(1, { type: 'text_delta', text: 'llo' }),
      blockStart(2, { type: 'tool_use', id: 't', name: 'f', input: {} }),
      blockDelta(2, { type: 'input_json_delta', partial_json: '{"a"' }),
      blockDelta(2, { type: 'input_json_delta', partial_json: ':1}' }),
      { type: 'content_block_stop', index: 2 },
      blockStart(3, { type: 'tool_use', id: 'u', name: 'g', input: {} }),
      blockDelta(3, { type: 'input_json_delta', partial_json: '{' }),
      { type: 'content_block_stop', index: 3 },
      blockStart(1000, { type: 'text', text: 'dropped' }),
      {
        type: 'message_delta',
        delta: { stop_reason: 'tool_use', stop_sequence: null },
        usage: { input_tokens: 99, cache_read_input_tokens: 2, output_tokens: 7 },
      },
      { type: 'message_stop' },
    ]);
    expect(documentOf(found)).toEqual({
      id: 'm',
      role: 'assistant',
      model: 'c',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'text', text: 'hello' },
        { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } },
        { type: 'tool_use', id: 'u', name: 'g', input: {} },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 3, cache_read_input_tokens: 2, output_tokens: 7 },
    });
    expect(found.isComplete).toBe(true);
  });

  it('tells an error event', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'busy' } };
    expect(fold('messages', [MESSAGE_START, error])).toMatchObject({ error: JSON.stringify(error), isComplete: false });
  });
});

describe('a folded responses stream', () => {
  const created = { type: 'response.created', response: { id: 'r', model: 'm', output: [] } };
  const item = { type: 'response.output_item.done', output_index: 0, item: { type: 'message', role: 'assistant' } };

  it.each([
    ['response.completed', true],
    ['response.incomplete', false],
    ['response.failed', false],
  ])('is the response of %s', (type, isComplete) => {
    const response = { id: 'r', model: 'm', status: type, usage: { input_tokens: 1 } };
    const found = fold('responses', [created, item, { type, response }]);
    expect(documentOf(found)).toEqual(response);
    expect(found.isComplete).toBe(isComplete);
  });

  it('is what was done so far when it did not end', () => {
    const found = fold('responses', [created, item], true);
    expect(documentOf(found)).toEqual({ id: 'r', model: 'm', output: [item.item] });
  });
});

describe('a folded transcription stream', () => {
  const part = (text: string) => ({ type: 'transcript.text.delta', delta: text });

  it.each([
    ['deltas joined', [part('a'), part('b')], { kind: 'text', text: 'ab' }],
    ['the final text', [part('a'), { type: 'transcript.text.done', text: 'all' }], { kind: 'text', text: 'all' }],
    [
      'deltas when the final text is empty',
      [part('a'), { type: 'transcript.text.done', text: '' }],
      { kind: 'text', text: 'a' },
    ],
    ['nothing when there is no text', [part('')], undefined],
  ])('is %s', (_, events, expected) => {
    expect(fold('transcriptions', events).answer).toEqual(expected);
  });
});

describe('a whole answer', () => {
  const push = (one: AnswerFold, ...chunks: readonly string[]) => {
    for (const chunk of chunks) one.push(Buffer.from(chunk));
    return one.end(false);
  };

  it('is read as JSON, with the text that the client gets', () => {
    expect(push(chooseFold('embeddings', false)!, '{"a": ', '1.0}').answer).toMatchObject({
      kind: 'json',
      text: '{"a": 1.0}',
    });
  });

  it.each([
    ['embeddings', 'no JSON', undefined],
    ['embeddings', '[1]', undefined],
    ['embeddings', '', undefined],
    ['transcriptions', 'WEBVTT', { kind: 'text', text: 'WEBVTT' }],
    ['audio-translations', '{"text":"x"}', { kind: 'json', document: { text: 'x' }, text: '{"text":"x"}' }],
    ['speech', 'mp3', { kind: 'binary', sizeBytes: 3 }],
  ] as const)('of %s reads %j as it may', (endpoint, body, expected) => {
    expect(push(chooseFold(endpoint, false)!, body).answer).toEqual(expected);
  });

  it('leaves nothing when it is larger than the bound', () => {
    const found = push(new WholeFold('json', 10), '{"a":"12', '345678"}');
    expect(found).toMatchObject({ answer: undefined, isTruncated: true });
    expect(push(new WholeFold('binary', 1), 'four')).toMatchObject({ answer: { sizeBytes: 4 }, isTruncated: false });
  });

  it('says nothing when it was cut', () => {
    const one = chooseFold('embeddings', false)!;
    one.push(Buffer.from('{}'));
    expect(one.end(true).answer).toBeUndefined();
  });
});

const STREAMS: readonly (readonly [EndpointName, string])[] = [
  [
    'chat-completions',
    sse([{ id: 'é', ...delta('äöü') }, delta('\u{1F600}'), { choices: [], usage: { a: 1 } }, '[DONE]']),
  ],
  [
    'completions',
    sse([
      { id: 'a', choices: [{ text: 'é' }] },
      { id: 'b', choices: [{ text: 'ß', index: 1 }] },
    ]),
  ],
  [
    'messages',
    sse([
      MESSAGE_START,
      blockStart(0, { type: 'text', text: '' }),
      blockDelta(0, { text: 'ä' }),
      { type: 'message_stop' },
    ]),
  ],
  [
    'responses',
    sse([
      { type: 'response.created', response: { id: 'ü' } },
      { type: 'response.completed', response: { id: 'ü', output: [] } },
    ]),
  ],
  [
    'transcriptions',
    sse([
      { type: 'transcript.text.delta', delta: 'ä' },
      { type: 'transcript.text.delta', delta: 'b' },
    ]),
  ],
];

describe('every fold', () => {
  it('gives the same answer whatever the cuts', () => {
    fc.assert(
      fc.property(fc.constantFrom(...STREAMS), fc.array(fc.nat(400), { maxLength: 12 }), ([endpoint, text], at) => {
        const bytes = Buffer.from(text);
        const whole = chooseFold(endpoint, true)!;
        whole.push(bytes);
        const cut = chooseFold(endpoint, true)!;
        const cuts = [0, ...at.map((offset) => offset % bytes.length).sort((a, b) => a - b), bytes.length];
        for (const [index, start] of cuts.slice(0, -1).entries()) cut.push(bytes.subarray(start, cuts[index + 1]));
        const expected = whole.end(false);
        expect(expected.answer).toBeDefined();
        expect(cut.end(false)).toEqual(expected);
      }),
    );
  });

  it('takes any events without throwing', () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    const event = fc.oneof(
      fc.record(
        {
          type: fc.constantFrom(
            'message_start',
            'content_block_start',
            'content_block_delta',
            'message_delta',
            'response.completed',
            'response.output_item.done',
            'transcript.text.delta',
          ),
          index: value,
          message: value,
          content_block: value,
          delta: value,
          usage: value,
          response: value,
          item: value,
          choices: value,
        },
        { requiredKeys: [] },
      ),
      value,
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...STREAMS),
        fc.array(event, { maxLength: 6 }),
        fc.boolean(),
        ([endpoint], events, isCut) => {
          const found = fold(endpoint, events, isCut);
          const text = found.answer?.kind === 'json' ? found.answer.text : '{}';
          expect(JSON.parse(text)).toBeInstanceOf(Object);
        },
      ),
    );
  });
});
