import { describe, expect, it } from '@jest/globals';
import type { EndpointName } from '../../endpoints/endpoint.js';
import type { JsonObject } from '../../codec/json-value.js';
import { requestContent } from './request-content.js';

const content = (endpoint: EndpointName, document: JsonObject, name: string): unknown => {
  const text = requestContent(endpoint, document)[name];
  return text === undefined ? undefined : JSON.parse(text as string);
};

describe('requestContent', () => {
  it('maps chat messages to parts', () => {
    const messages = [
      { role: 'system', content: 'be kind' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image_url', image_url: { url: 'u' } },
          { type: 'input_audio' },
          { type: 'file' },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }] },
      {
        role: 'tool',
        tool_call_id: 'c',
        content: [
          { type: 'text', text: 'one' },
          { type: 'text', text: 'two' },
        ],
      },
      { role: 'user', content: '' },
    ];
    expect(content('chat-completions', { messages }, 'gen_ai.input.messages')).toEqual([
      { role: 'system', parts: [{ type: 'text', content: 'be kind' }] },
      { role: 'user', parts: [{ type: 'text', content: 'look' }, { type: 'image' }, { type: 'audio' }] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c', name: 'f', arguments: '{}' }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', content: 'one' }] },
      { role: 'user', parts: [] },
    ]);
  });

  it('maps messages and system of Anthropic to parts', () => {
    const body: JsonObject = {
      system: [{ type: 'text', text: 'be kind' }],
      messages: [
        { role: 'user', content: 'hi' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm' },
            { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'x' }, { type: 'image' }] },
      ],
      tools: [
        { name: 'f', description: 'd', input_schema: { type: 'object' } },
        { name: 'g', description: '', input_schema: {} },
        { type: 'web_search_20250305', name: 'web_search', max_uses: 3 },
        { type: 'nameless' },
      ],
    };
    expect(content('messages', body, 'gen_ai.input.messages')).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'hi' }] },
      {
        role: 'assistant',
        parts: [{ type: 'reasoning' }, { type: 'tool_call', id: 't', name: 'f', arguments: '{"a":1}' }],
      },
      { role: 'user', parts: [{ type: 'tool_call_response', id: 't' }, { type: 'image' }] },
    ]);
    expect(content('messages', body, 'gen_ai.system_instructions')).toEqual([{ type: 'text', content: 'be kind' }]);
    expect(content('count-tokens', body, 'gen_ai.tool.definitions')).toEqual([
      { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' } },
      { type: 'function', name: 'g' },
      { type: 'web_search_20250305', name: 'web_search' },
    ]);
  });

  it('maps input, instructions and tools of responses', () => {
    const body: JsonObject = {
      instructions: 'be kind',
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'hi' }, { type: 'input_image' }] },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c', output: 'done' },
        { type: 'reasoning', summary: [] },
        { type: 'item_reference', id: 'x' },
      ],
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }, { type: 'web_search' }],
    };
    expect(content('responses', body, 'gen_ai.input.messages')).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'hi' }, { type: 'image' }] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c', name: 'f', arguments: '{}' }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', content: 'done' }] },
      { role: 'assistant', parts: [{ type: 'reasoning' }] },
    ]);
    expect(content('responses', body, 'gen_ai.system_instructions')).toEqual([{ type: 'text', content: 'be kind' }]);
    expect(content('responses', body, 'gen_ai.tool.definitions')).toEqual([
      { type: 'function', name: 'f', parameters: { type: 'object' } },
    ]);
    expect(content('responses', { input: 'hi' }, 'gen_ai.input.messages')).toHaveLength(1);
  });

  it.each([
    ['hi', ['hi']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [[1, 2, 3], ['<3 tokens>']],
    [
      [[1], [2, 3]],
      ['<1 tokens>', '<2 tokens>'],
    ],
    [[], undefined],
  ])('maps the prompt %j', (prompt, expected) => {
    const messages = expected?.map((text) => ({ role: 'user', parts: [{ type: 'text', content: text }] }));
    expect(content('completions', { prompt }, 'gen_ai.input.messages')).toEqual(messages);
  });
});
