import { describe, expect, it } from '@jest/globals';
import { fixedEnv } from '../../../../../../test/harness/cell.js';
import { UpstreamAnswerError } from '../../translator.js';
import { toChatResult } from './result.js';

const context = { env: fixedEnv(), requestModel: 'asked-for', answerTool: undefined };
const MESSAGE = { type: 'message', role: 'assistant', content: [] };
const read = (members: object) => toChatResult(Buffer.from(JSON.stringify({ ...MESSAGE, ...members })), context);
const choice = (members: object) => read(members).choices[0]!;

describe('content', () => {
  it('G14: joins all text blocks', () => {
    const content = ['a', '', 'b'].map((text) => ({ type: 'text', text }));
    expect(choice({ content }).content).toBe('ab');
  });

  it('is undefined without text', () => {
    expect(choice({}).content).toBeUndefined();
    expect(choice({ content: [{ type: 'text', text: '' }] }).content).toBeUndefined();
  });

  it('G4: gives thinking as text and as blocks', () => {
    const content = [
      { type: 'thinking', thinking: 'a', signature: 's1' },
      { type: 'thinking', thinking: 'b' },
      { type: 'thinking', thinking: '', signature: '' },
    ];
    expect(choice({ content })).toMatchObject({
      reasoning: 'ab',
      thinkingBlocks: [
        { type: 'thinking', thinking: 'a', signature: 's1' },
        { type: 'thinking', thinking: 'b', signature: '' },
      ],
    });
  });

  it('G5: gives redacted thinking as it is', () => {
    const content = [{ type: 'redacted_thinking', data: 'not base64!' }, { type: 'redacted_thinking' }];
    expect(choice({ content }).thinkingBlocks).toEqual([{ type: 'redacted_thinking', data: 'not base64!' }]);
  });

  it('G36: hands the text of numbers through', () => {
    const body = '{"content":[{"type":"tool_use","id":"t","name":"f","input":{"big":12345678901234567890,"one":1.0}}]}';
    const [call] = toChatResult(Buffer.from(body), context).choices[0]!.toolCalls;
    expect(call).toEqual({ id: 't', name: 'f', arguments: '{"big":12345678901234567890,"one":1.0}' });
  });

  it.each([undefined, null, {}])('gives a call with the input %j empty arguments', (input) => {
    expect(choice({ content: [{ type: 'tool_use', id: 't', name: 'f', input }] }).toolCalls[0]!.arguments).toBe('{}');
  });

  it('makes an id for a call without one', () => {
    expect(choice({ content: [{ type: 'tool_use', name: 'f' }] }).toolCalls[0]!.id).toMatch(/^toolu_0+\d$/);
  });

  it('passes over blocks of other types', () => {
    const content = ['server_tool_use', 'web_search_tool_result', 'container_upload', 'x'].map((type) => ({
      type,
      name: 'f',
      text: 'a',
    }));
    expect(choice({ content: [...content, 1, null] })).toEqual({
      index: 0,
      content: undefined,
      thinkingBlocks: [],
      toolCalls: [],
      finishReason: 'stop',
    });
  });

  it('G14: gives citations of the web as annotations, counted in characters', () => {
    const content = [
      { type: 'text', text: '😀é' },
      {
        type: 'text',
        text: 'abc',
        citations: [
          { type: 'web_search_result_location', url: 'https://a', title: 'A' },
          { type: 'search_result_location', source: 'https://b', title: null },
          { type: 'search_result_location', source: 'internal' },
          { type: 'page_location', document_title: 'd' },
        ],
      },
    ];
    const url_citation = { start_index: 2, end_index: 5 };
    expect(choice({ content }).annotations).toEqual([
      { type: 'url_citation', url_citation: { url: 'https://a', title: 'A', ...url_citation } },
      { type: 'url_citation', url_citation: { url: 'https://b', title: '', ...url_citation } },
    ]);
  });

  it('counts the characters of each text block once, however many there are', () => {
    const text = 'a'.repeat(200);
    const cited = { type: 'text', text, citations: [{ url: 'https://a', title: 'A' }] };
    const content = [...Array.from({ length: 20_000 }, () => ({ type: 'text', text })), cited];
    const start = performance.now();
    const { annotations } = choice({ content });
    // Some milliseconds; a minute and more when each block counts what stands before it.
    expect(performance.now() - start).toBeLessThan(5000);
    expect(annotations).toEqual([
      {
        type: 'url_citation',
        url_citation: { url: 'https://a', title: 'A', start_index: 4_000_000, end_index: 4_000_200 },
      },
    ]);
  });
});

describe('the finish reason', () => {
  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['pause_turn', 'stop'],
    ['max_tokens', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['G6: model_context_window_exceeded', 'length'],
    ['G6: compaction', 'stop'],
    ['G6: never seen', 'stop'],
    ['G6: null', 'stop'],
  ])('of %s is %s', (name, finishReason) => {
    const word = name.replace('G6: ', '');
    expect(choice({ stop_reason: word === 'null' ? null : word }).finishReason).toBe(finishReason);
  });

  it('of a refusal comes with its explanation', () => {
    const stop_details = { type: 'refusal', explanation: 'no' };
    expect(choice({ stop_reason: 'refusal', stop_details }).refusal).toBe('no');
    expect(choice({ stop_reason: 'refusal', stop_details: null }).refusal).toBeUndefined();
    expect(choice({ stop_reason: 'end_turn', stop_details }).refusal).toBeUndefined();
  });

  it('G30: of an answer that came by tool is stop, unless another tool was called', () => {
    const json = { type: 'tool_use', id: 'a', name: 'json', input: { a: 1 } };
    const byTool = (content: object[], stop_reason = 'tool_use') =>
      toChatResult(Buffer.from(JSON.stringify({ content, stop_reason })), { ...context, answerTool: 'json' })
        .choices[0]!;
    expect(byTool([json])).toMatchObject({ content: '{"a":1}', toolCalls: [], finishReason: 'stop' });
    expect(byTool([json], 'max_tokens')).toMatchObject({ content: '{"a":1}', finishReason: 'length' });
    const both = byTool([json, { ...json, name: 'f' }]);
    expect(both).toMatchObject({ content: '{"a":1}', toolCalls: [{ name: 'f' }], finishReason: 'tool_calls' });
  });
});

describe('the rest', () => {
  it.each([
    ['the provider', { id: 'msg_1', model: 'claude-1' }, { id: 'msg_1', model: 'claude-1' }],
    ['the request', { model: '' }, { id: undefined, model: 'asked-for' }],
  ])('has id and model of %s', (_, members, expected) => {
    expect(read(members)).toMatchObject(expected);
  });

  it.each([
    ['none', { input_tokens: 10, output_tokens: 3 }, [10, 0, 0, 13]],
    ['read', { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 3 }, [15, 5, 0, 18]],
    ['creation', { input_tokens: 10, cache_creation_input_tokens: 7, output_tokens: 3 }, [17, 0, 7, 20]],
    [
      'both',
      { input_tokens: 10, cache_read_input_tokens: 5, cache_creation_input_tokens: 7, output_tokens: 3 },
      [22, 5, 7, 25],
    ],
    [
      'zero',
      { input_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0, output_tokens: 0 },
      [0, 0, 0, 0],
    ],
    [
      'null',
      { input_tokens: 4, cache_read_input_tokens: null, cache_creation_input_tokens: null, output_tokens: 0 },
      [4, 0, 0, 4],
    ],
    ['negative', { input_tokens: 4, cache_read_input_tokens: -5, output_tokens: 1 }, [4, 0, 0, 5]],
    [
      'the largest numbers',
      { input_tokens: Number.MAX_SAFE_INTEGER, cache_read_input_tokens: Number.MAX_SAFE_INTEGER, output_tokens: 1 },
      [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER],
    ],
    [
      "the documentation's example",
      { input_tokens: 50, cache_read_input_tokens: 100_000, cache_creation_input_tokens: 248, output_tokens: 503 },
      [100_298, 100_000, 248, 100_801],
    ],
    ['large', { input_tokens: 1e9, cache_read_input_tokens: 2e9, output_tokens: 1 }, [3e9, 2e9, 0, 3e9 + 1]],
  ])('counts all that was read as input, with a cache of %s', (_, usage, [input, cached, creation, total]) => {
    expect(read({ usage }).usage).toMatchObject({
      inputTokens: input,
      cachedInputTokens: cached,
      cacheCreationInputTokens: creation,
      totalTokens: total,
    });
  });

  it('has no usage when the provider tells none', () => {
    expect(read({}).usage).toBeUndefined();
    expect(read({ usage: null }).usage).toBeUndefined();
  });

  it('reads counters however they are written', () => {
    const body = Buffer.from('{"content":[],"usage":{"input_tokens":1e1,"output_tokens":3.0}}');
    expect(toChatResult(body, context).usage).toMatchObject({ inputTokens: 10, outputTokens: 3 });
  });
});

describe('what is no message', () => {
  it.each([
    ['{"id":', "expected a message of Anthropic's API, found nothing"],
    ['[]', "expected a message of Anthropic's API, found an array"],
    ['{"type":"error"}', `"content" of Anthropic's message must be an array, found nothing`],
    ['{"content":"hi"}', `"content" of Anthropic's message must be an array, found a string`],
    ['{"content":[],"role":"system"}', `"role" of Anthropic's message must be "assistant", found a string`],
    [
      '{"content":[{"type":"tool_use","input":"x"}]}',
      `"input" of Anthropic's tool_use must be an object, found a string`,
    ],
  ])('is refused: %s', (body, message) => {
    const act = () => toChatResult(Buffer.from(body), context);
    expect(act).toThrow(UpstreamAnswerError);
    expect(act).toThrow(message);
  });
});
