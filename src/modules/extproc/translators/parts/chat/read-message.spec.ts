import { describe, expect, it } from '@jest/globals';
import { parseJson, type JsonObject } from '../../../codec/json-value.js';
import { readChatRequest } from './read-chat-request.js';

const read = (members: object) =>
  readChatRequest(parseJson(JSON.stringify({ messages: [], ...members })) as JsonObject, false);
const message = (value: unknown) => read({ messages: [value] }).messages[0];

describe('messages', () => {
  it.each(['system', 'developer'])('of role %s hold text', (role) => {
    expect(message({ role, content: 'a', name: 'n' })).toEqual({
      role,
      path: 'messages[0]',
      parts: [{ type: 'text', path: 'messages[0].content', text: 'a' }],
      isPlain: true,
      name: 'n',
    });
    const parts = [
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'b', cache_control: { type: 'other' } },
      { text: 'c', cache_control: { type: 'ephemeral', ttl: '9h' } },
    ];
    expect(message({ role, content: parts })).toEqual({
      role,
      path: 'messages[0]',
      parts: [
        { type: 'text', path: 'messages[0].content[0]', text: 'a', cacheControl: { ttl: '1h' } },
        { type: 'text', path: 'messages[0].content[1]', text: 'b' },
        { type: 'text', path: 'messages[0].content[2]', text: 'c', cacheControl: {} },
      ],
      isPlain: false,
    });
  });

  it.each([
    ['a', [{ type: 'text', path: 'messages[0].content', text: 'a' }], true],
    ['', [], true],
    [null, [], false],
    [undefined, [], false],
    [[], [], false],
  ])('of users with content %j', (content, parts, isPlain) => {
    expect(message({ role: 'user', content })).toEqual({ role: 'user', path: 'messages[0]', parts, isPlain });
  });

  it.each([
    [{ type: 'text', text: '' }, { text: '' }],
    [{ type: 'image_url', image_url: { url: 'u' } }, { url: 'u' }],
    [
      { type: 'image_url', image_url: { url: 'u', detail: 'low' } },
      { url: 'u', detail: 'low' },
    ],
    [
      { type: 'input_audio', input_audio: { data: 'QQ==', format: 'wav' } },
      { data: 'QQ==', format: 'wav' },
    ],
    [{ type: 'audio_url', audio_url: { url: 'u' } }, { url: 'u' }],
    [{ type: 'video_url', video_url: { url: 'u' } }, { url: 'u' }],
    [
      { type: 'file', file: { file_data: 'd', filename: 'f', file_id: 'i' } },
      { fileData: 'd', filename: 'f', fileId: 'i' },
    ],
    [{ type: 'file', file: {} }, {}],
  ])('of users with the part %j', (part, expected) => {
    const marked = { ...part, cache_control: { type: 'ephemeral' } };
    expect(message({ role: 'user', content: [marked] })).toMatchObject({
      parts: [{ type: part.type, path: 'messages[0].content[0]', cacheControl: {}, ...expected }],
      isPlain: false,
    });
  });

  it.each([
    [
      'parts of all types in their order',
      [
        { type: 'text', text: 't', cache_control: { type: 'ephemeral' } },
        { type: 'refusal', refusal: 'no' },
        { type: 'thinking', text: 'hm', signature: 's' },
        { type: 'thinking' },
        { type: 'redacted_thinking', redactedContent: 'AbC=' },
        { type: 'redacted_thinking' },
        { type: 'tool_use' },
        {},
      ],
      [
        { type: 'text', text: 't', cacheControl: {} },
        { type: 'refusal', refusal: 'no' },
        { type: 'thinking', text: 'hm', signature: 's' },
        { type: 'thinking', text: undefined, signature: undefined },
        { type: 'redacted_thinking', data: 'AbC=' },
        { type: 'redacted_thinking', data: undefined },
        { type: 'unknown', name: 'tool_use' },
        { type: 'unknown', name: '' },
      ],
    ],
    ['one part that is no array', { type: 'text', text: 't' }, [{ type: 'text', text: 't' }]],
    ['a string', 'a', [{ type: 'text', text: 'a' }]],
    ['an empty string', '', []],
    ['null', null, []],
  ])('of assistants with %s', (_, content, parts) => {
    expect(message({ role: 'assistant', content })).toMatchObject({ role: 'assistant', parts, toolCalls: [] });
  });

  it('of assistants with calls, refusal and audio', () => {
    expect(
      message({
        role: 'assistant',
        refusal: 'no',
        audio: { id: 'a' },
        tool_calls: [
          {
            id: 'c1',
            type: 'function',
            function: { name: 'f', arguments: '{}' },
            cache_control: { type: 'ephemeral' },
          },
          { function: { name: 'g', arguments: null } },
        ],
      }),
    ).toEqual({
      role: 'assistant',
      path: 'messages[0]',
      parts: [],
      isPlain: false,
      refusal: 'no',
      hasAudio: true,
      thinkingBlocks: [],
      toolCalls: [
        { path: 'messages[0].tool_calls[0]', id: 'c1', name: 'f', arguments: '{}', cacheControl: {} },
        { path: 'messages[0].tool_calls[1]', id: undefined, name: 'g', arguments: '' },
      ],
    });
  });

  it('of tools', () => {
    expect(
      message({ role: 'tool', tool_call_id: 'c1', content: 'a', cache_control: { type: 'ephemeral', ttl: '5m' } }),
    ).toEqual({
      role: 'tool',
      path: 'messages[0]',
      toolCallId: 'c1',
      parts: [{ type: 'text', path: 'messages[0].content', text: 'a' }],
      isPlain: true,
      cacheControl: { ttl: '5m' },
    });
  });

  it.each([
    [
      'thinking_blocks',
      {
        thinking_blocks: [
          { type: 'thinking', thinking: 't', signature: 's' },
          { type: 'thinking', signature: 's2' },
          { type: 'redacted_thinking', data: 'AbC=' },
        ],
        reasoning_content: 't',
      },
      [
        { type: 'thinking', thinking: 't', signature: 's' },
        { type: 'thinking', signature: 's2' },
        { type: 'redacted_thinking', data: 'AbC=' },
      ],
    ],
    [
      'the old object',
      { reasoning_content: { text: 't', signature: 's' } },
      [{ type: 'thinking', thinking: 't', signature: 's' }],
    ],
    [
      'the old object of Claude',
      { reasoning_content: { reasoningContent: { reasoningText: { text: 't', signature: 's' } } } },
      [{ type: 'thinking', thinking: 't', signature: 's' }],
    ],
    [
      'old redacted thinking',
      { reasoning_content: { reasoningContent: { redactedContent: 'AbC=' } } },
      [{ type: 'redacted_thinking', data: 'AbC=' }],
    ],
    ['text alone', { reasoning_content: 't' }, []],
  ])('G4: of assistants replay %s', (_, members, thinkingBlocks) => {
    expect(message({ role: 'assistant', content: 'a', ...members })).toMatchObject({ thinkingBlocks });
  });

  it('tells members without a meaning, nulls and our own extras aside', () => {
    const messages = [
      { role: 'user', content: 'a', weight: 1, nothing: null },
      { role: 'assistant', content: 'a', function_call: { name: 'f' }, reasoning_content: 't', annotations: [] },
    ];
    expect(read({ messages }).ignored).toEqual([
      'messages[0].weight',
      'messages[1].function_call',
      'messages[1].reasoning_content',
    ]);
    expect(read({ messages: [{ role: 'user', content: 'a' }] })).not.toHaveProperty('ignored');
  });
});
