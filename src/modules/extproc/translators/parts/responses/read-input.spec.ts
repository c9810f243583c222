import { describe, expect, it } from '@jest/globals';
import { readMembers, refusalOf } from '../../../../../../test/harness/responses-request.js';
import type { JsonObject } from '../../../codec/json-value.js';
import { sealThinking } from './thinking-envelope.js';

const messagesOf = (...input: JsonObject[]) => readMembers({ input }).chat.messages;

const user = (content: string): JsonObject => ({ role: 'user', content });
const assistant = (content: string): JsonObject => ({ role: 'assistant', content });
const call = (id: string): JsonObject => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{"x":1}' });
const output = (id: string, text: string): JsonObject => ({ type: 'function_call_output', call_id: id, output: text });
/** Role, and what is said or called. */
const outline = (...input: JsonObject[]) =>
  messagesOf(...input).map((message) => {
    const said = message.parts.map((part) => ('text' in part ? part.text : part.type)).join('|');
    if (message.role === 'tool') return `tool ${message.toolCallId}: ${said}`;
    const calls = message.role === 'assistant' ? message.toolCalls.map(({ id }) => id).join(',') : '';
    return `${message.role}: ${said}${calls === '' ? '' : ` [${calls}]`}`;
  });

describe('the items of a Responses request', () => {
  it('18.3.2: reads the content of user messages', () => {
    const [message] = messagesOf({
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'look', cache_control: { type: 'ephemeral', ttl: '1h' } },
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'original' },
        { type: 'input_image', image_url: 'https://a.test/b.png' },
        { type: 'input_file', file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' },
        { type: 'input_file', file_url: 'https://a.test/b.pdf' },
        { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
      ],
    });
    const path = (index: number) => `input[0].content[${index}]`;
    expect(message).toEqual({
      role: 'user',
      path: 'input[0]',
      isPlain: false,
      parts: [
        { type: 'text', path: path(0), text: 'look', cacheControl: { ttl: '1h' } },
        { type: 'image_url', path: path(1), url: 'data:image/png;base64,AAAA', detail: 'high' },
        { type: 'image_url', path: path(2), url: 'https://a.test/b.png' },
        { type: 'file', path: path(3), fileData: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' },
        { type: 'file', path: path(4), fileUrl: 'https://a.test/b.pdf' },
        { type: 'input_audio', path: path(5), data: 'AAAA', format: 'wav' },
      ],
    });
  });

  it('joins reasoning, messages and calls that follow each other to one turn', () => {
    const blocks = [{ type: 'thinking' as const, thinking: 'why', signature: 's' }];
    const messages = messagesOf(
      user('hi'),
      { type: 'reasoning', id: 'rs', summary: [], encrypted_content: sealThinking('anthropic', blocks) },
      {
        type: 'message',
        role: 'assistant',
        id: 'msg',
        status: 'completed',
        phase: 'commentary',
        content: [
          { type: 'output_text', text: 'a', annotations: [] },
          { type: 'refusal', refusal: 'no' },
        ],
      },
      call('c1'),
      { type: 'custom_tool_call', call_id: 'c2', name: 'shell', input: 'ls "x"' },
      output('c1', 'one'),
      {
        type: 'custom_tool_call_output',
        call_id: 'c2',
        output: [{ type: 'input_image', image_url: 'https://a.test' }],
      },
    );
    expect(messages.slice(1)).toEqual([
      {
        role: 'assistant',
        path: 'input[1]',
        parts: [
          { type: 'text', path: 'input[2].content[0]', text: 'a' },
          { type: 'refusal', path: 'input[2].content[1]', refusal: 'no' },
        ],
        isPlain: false,
        toolCalls: [
          { path: 'input[3]', id: 'c1', name: 'f', arguments: '{"x":1}' },
          { path: 'input[4]', id: 'c2', name: 'shell', arguments: '{"input":"ls \\"x\\""}' },
        ],
        thinkingBlocks: blocks,
        hasAudio: false,
      },
      {
        role: 'tool',
        path: 'input[5]',
        toolCallId: 'c1',
        parts: [{ type: 'text', path: 'input[5].output', text: 'one' }],
        isPlain: true,
      },
      {
        role: 'tool',
        path: 'input[6]',
        toolCallId: 'c2',
        parts: [{ type: 'image_url', path: 'input[6].output[0]', url: 'https://a.test' }],
        isPlain: false,
      },
    ]);
  });

  it.each<[string, JsonObject[], string[]]>([
    ['a plain history', [user('a'), assistant('b'), user('c')], ['user: a', 'assistant: b', 'user: c']],
    [
      'system and developer messages at their place',
      [
        user('a'),
        { role: 'developer', content: 'b' },
        { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'c' }] },
      ],
      ['user: a', 'developer: b', 'system: c'],
    ],
    [
      'calls with their outputs in turns',
      [call('1'), output('1', 'x'), call('2'), output('2', 'y')],
      ['assistant:  [1]', 'tool 1: x', 'assistant:  [2]', 'tool 2: y'],
    ],
    [
      'a call that the client gave up',
      [call('1'), call('2'), output('2', 'y'), user('stop')],
      ['assistant:  [1,2]', 'tool 2: y', 'tool 1: ', 'user: stop'],
    ],
    ['a call at the end', [call('1')], ['assistant:  [1]', 'tool 1: ']],
    [
      'an output that comes late',
      [call('1'), user('wait'), output('1', 'x'), user('go')],
      ['assistant:  [1]', 'tool 1: x', 'user: wait', 'user: go'],
    ],
    [
      'ids that are used again',
      [call('1'), user('a'), call('1'), output('1', 'x')],
      ['assistant:  [1]', 'tool 1: ', 'user: a', 'assistant:  [1]', 'tool 1: x'],
    ],
    ['a turn of nothing but foreign reasoning', [user('a'), { type: 'reasoning', id: 'r', summary: [] }], ['user: a']],
  ])('groups %s', (_, input, expected) => {
    expect(outline(...input)).toEqual(expected);
  });

  it.each<[string, JsonObject, string[]]>([
    ['a web search', { type: 'web_search_call', id: 'ws' }, ['input[0]']],
    ['a compaction', { type: 'compaction', encrypted_content: 'x' }, ['input[0]']],
    [
      'thinking of another family',
      { type: 'reasoning', summary: [], encrypted_content: sealThinking('gemini', []) },
      ['input[0]'],
    ],
    ['thinking of OpenAI', { type: 'reasoning', summary: [], encrypted_content: 'gAAAAAB' }, ['input[0]']],
    ['thinking as text only', { type: 'reasoning', summary: [{ type: 'summary_text', text: 'x' }] }, ['input[0]']],
    ['thinking without any text', { type: 'reasoning', summary: [] }, []],
  ])('passes over %s', (_, item, dropped) => {
    expect(messagesOf(item)).toEqual([]);
    expect(readMembers({ input: [item] }).dropped).toEqual(dropped);
  });

  it.each<[JsonObject, string]>([
    [
      { type: 'item_reference', id: 'msg_1' },
      '422 "input[0]" cannot be used with this backend: it keeps no items. Send the item itself.',
    ],
    [{ id: 'msg_1' }, '422 "input[0]" cannot be used with this backend: it keeps no items. Send the item itself.'],
    [
      output('c9', 'x'),
      '422 "input[0]" cannot be used with this backend: no call with its "call_id" stands before it. Send the call as well.',
    ],
    [
      { type: 'brand_new_call', call_id: 'c' },
      '422 "input[0].type" cannot be used with this backend: an item of the type "brand_new_call" has no meaning there. Leave the item out.',
    ],
    ...['local_shell_call', 'shell_call', 'shell_call_output', 'apply_patch_call'].map((type): [JsonObject, string] => [
      { type, call_id: 'c' },
      `422 "input[0].type" cannot be used with this backend: an item of the type "${type}" has no meaning there. Send calls and outputs of a tool of the type "function" or "custom" in its place.`,
    ]),
    [
      { role: 'user', content: [{ type: 'input_file', file_id: 'f' }] },
      '422 "input[0].content[0].file_id" cannot be used with this backend: files kept at OpenAI are not within its reach. Send the data or a URL of the file.',
    ],
    [
      { role: 'user', content: [{ type: 'input_image', file_id: 'f' }] },
      '422 "input[0].content[0].file_id" cannot be used with this backend: files kept at OpenAI are not within its reach. Send the data or a URL of the file.',
    ],
    [
      { role: 'tool', content: 'x' },
      '400 malformed request: "input[0].role" must be "user", "assistant", "system" or "developer", found "tool"',
    ],
    [
      { role: 'user' },
      '400 malformed request: "input[0].content" must be a string or an array of parts, found nothing',
    ],
    [{ role: 'user', content: [7] }, '400 malformed request: "input[0].content[0]" must be an object, found a number'],
    [
      { role: 'user', content: [{ type: 'video' }] },
      '400 malformed request: "input[0].content[0].type" must be "input_text", "input_image", "input_file" or "input_audio", found "video"',
    ],
    [
      { role: 'system', content: [{ type: 'input_image' }] },
      '400 malformed request: "input[0].content[0].type" must be "input_text", found "input_image"',
    ],
    [
      { role: 'assistant', content: [{ type: 'input_image' }] },
      '400 malformed request: "input[0].content[0].type" must be "output_text" or "refusal", found "input_image"',
    ],
    [
      { role: 'user', content: [{ type: 'input_file' }] },
      '400 malformed request: "input[0].content[0]" must be a file with "file_data" or "file_url", found an object',
    ],
    [
      { role: 'user', content: [{ type: 'input_image' }] },
      '400 malformed request: "input[0].content[0].image_url" must be a string, found nothing',
    ],
    [
      { type: 'function_call', call_id: 'c', name: 'f' },
      '400 malformed request: "input[0].arguments" must be a string, found nothing',
    ],
    [
      { type: 'function_call', name: 'f', arguments: '' },
      '400 malformed request: "input[0].call_id" must be a string, found nothing',
    ],
  ])('refuses %j', (item, message) => {
    expect(refusalOf({ input: [item] })).toBe(message);
  });

  it('reads ten thousand calls without outputs in no time', () => {
    const input = Array.from({ length: 10_000 }, (_, index) => [call(`c${index}`), user('x')]).flat();
    expect(messagesOf(...input)).toHaveLength(30_000);
  });
});
