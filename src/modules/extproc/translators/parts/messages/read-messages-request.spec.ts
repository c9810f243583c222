import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../codec/json-value.js';
import { MalformedRequestError } from '../../../request-error.js';
import { readMessagesRequest } from './read-messages-request.js';

const read = (members: JsonObject) => readMessagesRequest({ messages: [], ...members });
const contentOf = (content: JsonObject[string]) =>
  read({ messages: [{ role: 'user', ...(content === undefined ? {} : { content }) }] }).messages[0]!.content;

describe('readMessagesRequest', () => {
  it('reads what is simple', () => {
    const fields = {
      max_tokens: 9,
      temperature: 0.5,
      top_p: 1,
      top_k: 3,
      stop_sequences: ['x'],
      stream: true,
      metadata: { user_id: 'u', more: 1 },
      messages: [],
    };
    expect(readMessagesRequest(fields)).toEqual({
      isStreaming: true,
      system: [],
      messages: [],
      maxTokens: 9,
      temperature: 0.5,
      topP: 1,
      topK: 3,
      userId: 'u',
      stopSequences: ['x'],
      tools: [],
      outputConfig: {},
      fields,
    });
  });

  it('reads null as absent', () => {
    const nulls = {
      max_tokens: null,
      stream: null,
      system: null,
      tools: null,
      tool_choice: null,
      thinking: null,
      metadata: null,
    };
    expect(read({ ...nulls, stop_sequences: null, output_config: null })).toEqual({
      isStreaming: false,
      system: [],
      messages: [],
      stopSequences: [],
      tools: [],
      outputConfig: {},
      fields: { messages: [], ...nulls, stop_sequences: null, output_config: null },
    });
  });

  it.each([[undefined], [null], [[]]])('reads content %p as empty', (content) => {
    expect(contentOf(content)).toEqual([]);
  });

  it('reads a plain string as one text block', () => {
    expect(contentOf('hi')).toEqual([{ type: 'text', path: 'messages[0].content', text: 'hi' }]);
    expect(read({ system: 'be' }).system).toEqual([{ type: 'text', path: 'system', text: 'be' }]);
  });

  it.each<readonly [string, JsonObject, object]>([
    ['text', { type: 'text', text: '', citations: [{ type: 'char_location' }] }, { type: 'text', text: '' }],
    [
      'a marked text',
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'a', cacheControl: { ttl: '1h' } },
    ],
    ['another marker', { type: 'text', text: 'a', cache_control: { type: 'other' } }, { type: 'text', text: 'a' }],
    [
      'an image',
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA' } },
      { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'AA' } },
    ],
    [
      'a linked image',
      { type: 'image', source: { type: 'url', url: 'u' } },
      { type: 'image', source: { type: 'url', url: 'u' } },
    ],
    [
      'a file',
      { type: 'image', source: { type: 'file', file_id: 'f' } },
      { type: 'image', source: { type: 'file', fileId: 'f' } },
    ],
    [
      'a new source',
      { type: 'image', source: { type: 'new' } },
      { type: 'image', source: { type: 'unknown', name: 'new' } },
    ],
    [
      'a plain document',
      { type: 'document', title: 't', context: 'c', source: { type: 'text', media_type: 'text/plain', data: 'd' } },
      { type: 'document', title: 't', context: 'c', source: { type: 'text', text: 'd' } },
    ],
    [
      'a document of blocks',
      { type: 'document', source: { type: 'content', content: 'x' } },
      {
        type: 'document',
        source: {
          type: 'content',
          content: [{ type: 'text', path: 'messages[0].content[0].source.content', text: 'x' }],
        },
      },
    ],
    [
      'a search result',
      { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'x' }] },
      {
        type: 'search_result',
        source: 's',
        title: 't',
        content: [{ type: 'text', path: 'messages[0].content[0].content[0]', text: 'x' }],
      },
    ],
    [
      'thinking',
      { type: 'thinking', thinking: 'a', signature: 's' },
      { type: 'thinking', thinking: 'a', signature: 's' },
    ],
    ['omitted thinking', { type: 'thinking' }, { type: 'thinking', thinking: '' }],
    [
      'G5: redacted thinking as it is',
      { type: 'redacted_thinking', data: 'AAAA' },
      { type: 'redacted_thinking', data: 'AAAA' },
    ],
    [
      'a call',
      { type: 'tool_use', id: 'i', name: 'n', input: { a: 1 } },
      { type: 'tool_use', id: 'i', name: 'n', input: { a: 1 } },
    ],
    [
      'G16: a call without input',
      { type: 'tool_use', id: 'i', name: 'n', input: null },
      { type: 'tool_use', id: 'i', name: 'n', input: {} },
    ],
    [
      'a result',
      { type: 'tool_result', tool_use_id: 'i', is_error: true, content: 'x' },
      {
        type: 'tool_result',
        toolUseId: 'i',
        isError: true,
        content: [{ type: 'text', path: 'messages[0].content[0].content', text: 'x' }],
      },
    ],
    [
      'an empty result',
      { type: 'tool_result', tool_use_id: 'i' },
      { type: 'tool_result', toolUseId: 'i', isError: false, content: [] },
    ],
    ['a server tool', { type: 'server_tool_use', id: 'i' }, { type: 'unknown', name: 'server_tool_use' }],
  ])('reads %s', (_, block, expected) => {
    expect(contentOf([block])).toEqual([{ path: 'messages[0].content[0]', ...expected }]);
  });

  it.each<readonly [string, JsonObject, object | undefined]>([
    [
      'a choice',
      { tool_choice: { type: 'any', disable_parallel_tool_use: true } },
      { toolChoice: { kind: 'any', disableParallelToolUse: true } },
    ],
    ['a named choice', { tool_choice: { type: 'tool', name: 'n' } }, { toolChoice: { kind: 'tool', name: 'n' } }],
    ['G43: a new choice', { tool_choice: { type: 'new' } }, { toolChoice: { kind: 'unknown', type: 'new' } }],
    [
      'a budget',
      { thinking: { type: 'enabled', budget_tokens: 5, display: 'omitted' } },
      { thinking: { type: 'enabled', budgetTokens: 5, display: 'omitted' } },
    ],
    ['adaptive', { thinking: { type: 'adaptive' } }, { thinking: { type: 'adaptive' } }],
    ['disabled', { thinking: { type: 'disabled' } }, { thinking: { type: 'disabled' } }],
    ['G43: new thinking', { thinking: { type: 'auto' } }, { thinking: { type: 'unknown', name: 'auto' } }],
    [
      'an output format',
      { output_config: { effort: 'low', format: { type: 'json_schema', schema: {} } } },
      { outputConfig: { effort: 'low', format: { path: 'output_config.format', schema: {} } } },
    ],
    [
      'its older spelling',
      { output_format: { type: 'json_schema', schema: {} } },
      { outputConfig: { format: { path: 'output_format', schema: {} } } },
    ],
    ['another format', { output_config: { format: { type: 'x' } } }, { outputConfig: {} }],
    [
      'a tool',
      {
        tools: [
          { name: 'n', description: 'd', input_schema: { x: 1 }, strict: true, cache_control: { type: 'ephemeral' } },
        ],
      },
      {
        tools: [
          {
            kind: 'custom',
            path: 'tools[0]',
            name: 'n',
            description: 'd',
            inputSchema: { x: 1 },
            strict: true,
            cacheControl: {},
          },
        ],
      },
    ],
    [
      "a tool of Anthropic's",
      { tools: [{ type: 'bash_20250124', name: 'bash' }] },
      { tools: [{ kind: 'typed', path: 'tools[0]', type: 'bash_20250124', name: 'bash' }] },
    ],
  ])('reads %s', (_, members, expected) => {
    expect(read(members)).toMatchObject(expected!);
  });

  const block = (members: JsonObject): JsonObject => ({ messages: [{ role: 'user', content: [members] }] });
  it.each<readonly [JsonObject, string]>([
    [{ messages: null }, '"messages" must be an array, found null'],
    [{ messages: 'x' }, '"messages" must be an array, found a string'],
    [{ messages: ['x'] }, '"messages[0]" must be an object, found a string'],
    [{ messages: [{}] }, '"messages[0].role" must be a string, found nothing'],
    [
      { messages: [{ role: 'user', content: 1 }] },
      '"messages[0].content" must be a string or an array of content blocks, found a number',
    ],
    [block({}), '"messages[0].content[0].type" must be a string, found nothing'],
    [block({ type: 'text' }), '"messages[0].content[0].text" must be a string, found nothing'],
    [
      block({ type: 'text', text: 'a', citations: [{}] }),
      '"messages[0].content[0].citations[0].type" must be a string, found nothing',
    ],
    [
      block({ type: 'text', text: 'a', cache_control: {} }),
      '"messages[0].content[0].cache_control.type" must be a string, found nothing',
    ],
    [block({ type: 'image' }), '"messages[0].content[0].source" must be an object, found nothing'],
    [block({ type: 'image', source: {} }), '"messages[0].content[0].source.type" must be a string, found nothing'],
    [block({ type: 'document', source: {} }), '"messages[0].content[0].source.type" must be a string, found nothing'],
    [
      block({ type: 'tool_use', id: 'i', name: 'n', input: '{}' }),
      '"messages[0].content[0].input" must be an object, found a string',
    ],
    [block({ type: 'tool_result' }), '"messages[0].content[0].tool_use_id" must be a string, found nothing'],
    [
      { system: [{ type: 'image', source: { type: 'url', url: 'u' } }] },
      '"system[0].type" must be "text", found "image"',
    ],
    [{ thinking: {} }, '"thinking.type" must be a string, found nothing'],
    [{ tool_choice: {} }, '"tool_choice.type" must be a string, found nothing'],
    [{ tool_choice: 'auto' }, '"tool_choice" must be an object, found a string'],
    [{ tool_choice: { type: 'tool' } }, '"tool_choice.name" must be a string, found nothing'],
    [{ tools: [{ type: 'custom' }] }, '"tools[0].name" must be a string, found nothing'],
    [{ max_tokens: '9' }, '"max_tokens" must be a number, found a string'],
    [{ stop_sequences: 'x' }, '"stop_sequences" must be an array of strings, found a string'],
    [{ stream: 1 }, '"stream" must be a boolean, found a number'],
  ])('refuses %p', (members, problem) => {
    expect(() => read(members)).toThrow(new MalformedRequestError(`malformed request: ${problem}`));
  });
});
