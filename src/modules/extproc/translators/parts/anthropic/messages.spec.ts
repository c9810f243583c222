import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../codec/json-value.js';
import { Receipt } from '../../receipt.js';
import { readChatRequest } from '../chat/read-chat-request.js';
import { CacheMarkers } from './block.js';
import { convertMessages } from './messages.js';
import { canThinkAfter } from './turns.js';

function convert(...messages: readonly object[]) {
  const receipt = new Receipt();
  const markers = new CacheMarkers();
  const chat = readChatRequest({ model: 'm', messages } as unknown as JsonObject, false);
  const { system, turns } = convertMessages(chat.messages, { markers, receipt });
  markers.write([...system, ...turns.flatMap(({ content }) => content)], receipt);
  return { system, turns, dropped: receipt.dropped };
}

const user = (content: unknown) => ({ role: 'user', content });
const assistant = (content: unknown, members: object = {}) => ({ role: 'assistant', content, ...members });
const call = (id: string | undefined, args = '{}') => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: args },
});
const tool = (content: unknown, id = 't1') => ({ role: 'tool', tool_call_id: id, content });

describe('system messages', () => {
  it('keeps several prompts apart, the developer role too', () => {
    const { system } = convert({ role: 'system', content: 'a' }, { role: 'developer', content: 'b' });
    expect(system).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]);
  });

  it('joins the parts of one without a separator and takes the last marker', () => {
    const content = [
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'b', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'c' },
    ];
    expect(convert({ role: 'system', content }).system).toEqual([
      { type: 'text', text: 'abc', cache_control: { type: 'ephemeral', ttl: '1h' } },
    ]);
  });

  it('G19: leaves blank ones out', () => {
    expect(convert({ role: 'system', content: ' \n' }, { role: 'system', content: [] }).system).toEqual([]);
  });
});

describe('assistant messages', () => {
  const only = (content: unknown, members: object = {}) => convert(assistant(content, members)).turns[0]?.content;

  it.each([
    ['a string', 'hi', {}, [{ type: 'text', text: 'hi' }]],
    ['one part', { type: 'text', text: 'hi' }, {}, [{ type: 'text', text: 'hi' }]],
    ['a refusal part', [{ type: 'refusal', refusal: 'no' }], {}, [{ type: 'text', text: 'no' }]],
    ['a refusal beside the content', null, { refusal: 'no' }, [{ type: 'text', text: 'no' }]],
    ['thinking', [{ type: 'thinking', text: 'hm', signature: 's' }], {}, [thinking('hm', 's')]],
    [
      'G5: redacted thinking in base64',
      [{ type: 'redacted_thinking', redactedContent: 'ZGF0YQ==' }],
      {},
      [redacted('ZGF0YQ==')],
    ],
    ['G5: redacted thinking in text', [{ type: 'redacted_thinking', redactedContent: 'a b' }], {}, [redacted('a b')]],
    [
      'G4: thinking blocks, before text and calls',
      'so',
      {
        thinking_blocks: [
          { type: 'thinking', thinking: 'hm', signature: 's' },
          { type: 'redacted_thinking', data: 'd' },
        ],
        tool_calls: [call('t1')],
      },
      [
        thinking('hm', 's'),
        redacted('d'),
        { type: 'text', text: 'so' },
        { type: 'tool_use', id: 't1', name: 'f', input: {} },
      ],
    ],
    [
      'G4: a signature without text',
      null,
      { thinking_blocks: [{ type: 'thinking', signature: 's' }] },
      [thinking('', 's')],
    ],
    [
      'G4: thinking once, though it comes twice',
      [{ type: 'thinking', text: 'hm', signature: 's' }],
      { thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 's' }] },
      [thinking('hm', 's')],
    ],
    [
      'G4: the old form of reasoning_content',
      'so',
      { reasoning_content: { reasoningContent: { reasoningText: { text: 'hm', signature: 's' } } } },
      [thinking('hm', 's'), { type: 'text', text: 'so' }],
    ],
  ])('sends %s', (_, content, members, blocks) => {
    expect(only(content, members)).toEqual(blocks);
  });

  it.each([
    ['thinking without a signature', { content: [{ type: 'thinking', text: 'hm' }] }, 'messages[0].content[0]'],
    ['thinking without text', { content: [{ type: 'thinking', signature: 's' }] }, 'messages[0].content[0]'],
    ['redacted thinking without data', { content: [{ type: 'redacted_thinking' }] }, 'messages[0].content[0]'],
    [
      'a thinking block without a signature',
      { thinking_blocks: [{ type: 'thinking', thinking: 'hm' }] },
      'messages[0].thinking_blocks[0]',
    ],
    [
      "another provider's thinking",
      { thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 'gemini:AAAA' }] },
      'messages[0].thinking_blocks[0]',
    ],
    ['audio', { audio: { id: 'a' } }, 'messages[0].audio'],
  ])('leaves out and tells %s', (_, members, path) => {
    expect(convert({ role: 'assistant', ...members })).toEqual({ system: [], turns: [], dropped: [path] });
  });

  it('refuses a part of a type that nobody knows', () => {
    expect(() => only([{ type: 'hologram' }])).toThrow(
      'cannot send "messages[0].content[0]" to Claude: found a part of another type, expected text, refusal, thinking or redacted_thinking',
    );
  });

  it.each([undefined, ''])('refuses a call whose id is %j', (id) => {
    expect(() => only(null, { tool_calls: [call(id)] })).toThrow(
      'cannot send "messages[0].tool_calls[0]" to Claude: found no "id", expected the id that the call had in the answer',
    );
  });

  it.each(['', ' \n', 'null', '{}'])('G16: reads the arguments %j as an empty object', (args) => {
    expect(only(null, { tool_calls: [call('t1', args)] })).toEqual([
      { type: 'tool_use', id: 't1', name: 'f', input: {} },
    ]);
  });

  it.each(['[1]', '"a"', '{"a":', 'x'])('G16: refuses the arguments %j', (args) => {
    expect(() => only(null, { tool_calls: [call('t1', args)] })).toThrow(
      'the arguments of the tool call "messages[0].tool_calls[0]" must be the text of a JSON object',
    );
  });

  it('G36: keeps the text of numbers in arguments', () => {
    const text = '{"big":12345678901234567890,"one":1.0}';
    const [block] = only(null, { tool_calls: [call('t1', text)] })!;
    expect(JSON.stringify(block!['input'])).toBe(text);
  });
});

function thinking(text: string, signature: string) {
  return { type: 'thinking', thinking: text, signature };
}
function redacted(data: string) {
  return { type: 'redacted_thinking', data };
}

describe('tool messages', () => {
  const result = (message: object) => convert(message).turns[0]?.content[0];

  it.each([
    ['text', 'sunny', { content: [{ type: 'text', text: 'sunny' }], is_error: false }],
    ['nothing', '', { is_error: false }],
    [
      'parts',
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      {
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
        is_error: false,
      },
    ],
    ['an error', ' {"error":"x"}', { content: [{ type: 'text', text: ' {"error":"x"}' }], is_error: true }],
    [
      'an error as a part, which is text',
      [{ type: 'text', text: '{"error":1}' }],
      { content: [{ type: 'text', text: '{"error":1}' }], is_error: false },
    ],
    ['other JSON', '{"a":{"error":1}}', { content: [{ type: 'text', text: '{"a":{"error":1}}' }], is_error: false }],
    ['broken JSON', '{"error":', { content: [{ type: 'text', text: '{"error":' }], is_error: false }],
  ])('gives a result with %s', (_, content, members) => {
    expect(result(tool(content))).toEqual({ type: 'tool_result', tool_use_id: 't1', ...members });
  });

  it('joins results and the user message behind them to one turn', () => {
    const { turns } = convert(
      assistant(null, { tool_calls: [call('a'), call('b')] }),
      tool('1', 'a'),
      tool('2', 'b'),
      user('go on'),
    );
    expect(turns.map(({ role, content }) => [role, content.map((block) => block['type'])])).toEqual([
      ['assistant', ['tool_use', 'tool_use']],
      ['user', ['tool_result', 'tool_result', 'text']],
    ]);
  });

  it('puts results before text that came earlier', () => {
    const { turns } = convert(assistant(null, { tool_calls: [call('a')] }), user('wait'), tool('1', 'a'));
    expect(turns[1]!.content.map((block) => block['type'])).toEqual(['tool_result', 'text']);
  });

  it('gives ids of other providers the same other characters on both sides', () => {
    const { turns } = convert(assistant(null, { tool_calls: [call('functions.f:0 ä')] }), tool('1', 'functions.f:0 ä'));
    expect(turns[0]!.content[0]!['id']).toBe('functions_f_0__');
    expect(turns[1]!.content[0]!['tool_use_id']).toBe('functions_f_0__');
  });

  it.each([
    [
      'its own marker',
      { type: 'ephemeral', ttl: '1h' },
      { type: 'ephemeral', ttl: '5m' },
      { type: 'ephemeral', ttl: '1h' },
    ],
    ['the marker of its last part', undefined, { type: 'ephemeral', ttl: '5m' }, { type: 'ephemeral', ttl: '5m' }],
    ['no marker', undefined, { type: 'other' }, undefined],
  ])('is cached by %s', (_, own, inner, marker) => {
    const content = [{ type: 'text', text: 'a', cache_control: inner }];
    expect(result({ ...tool(content), cache_control: own })!['cache_control']).toEqual(marker);
  });
});

describe('turns', () => {
  it('G19: joins turns of the same role and sends no empty one', () => {
    const { turns } = convert(
      user('a'),
      user([{ type: 'text', text: ' ' }]),
      assistant(''),
      assistant(null),
      user('b'),
      assistant('c'),
      assistant([]),
      assistant('d'),
    );
    expect(turns).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'c' },
          { type: 'text', text: 'd' },
        ],
      },
    ]);
  });

  it('joins a turn of more blocks than a call takes arguments', () => {
    const many = Array.from({ length: 200_000 }, () => ({ type: 'text', text: 'a' }));
    const { turns } = convert(user('a'), user(many));
    expect(turns.map(({ content }) => content.length)).toEqual([200_001]);
  });

  it('keeps the last four cache markers and tells the others', () => {
    const marked = (text: string) => user([{ type: 'text', text, cache_control: { type: 'ephemeral' } }]);
    const { turns, dropped } = convert(...['a', 'b', 'c', 'd', 'e', 'f'].map(marked));
    expect(turns[0]!.content.map((block) => 'cache_control' in block)).toEqual([false, false, true, true, true, true]);
    expect(dropped).toEqual(['messages[0].content[0].cache_control', 'messages[1].content[0].cache_control']);
  });

  it.each([
    ['a question', [user('a')], true],
    ['a begun answer', [user('a'), assistant('b')], false],
    ['results of calls without thinking', [assistant(null, { tool_calls: [call('t1')] }), tool('x')], false],
    [
      'results of calls with their thinking',
      [
        assistant(null, { tool_calls: [call('t1')], thinking_blocks: [{ type: 'redacted_thinking', data: 'd' }] }),
        tool('x'),
      ],
      true,
    ],
    ['calls of long ago', [assistant(null, { tool_calls: [call('t1')] }), tool('x'), assistant('y'), user('z')], true],
  ])('may be followed by thinking: %s', (_, messages, expected) => {
    expect(canThinkAfter(convert(...messages).turns)).toBe(expected);
  });
});
