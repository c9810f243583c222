import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../codec/json-value.js';
import { Receipt } from '../../receipt.js';
import { readChatRequest } from '../chat/read-chat-request.js';
import { claudeRequest } from './request-body.js';

const HI = [{ role: 'user', content: 'hi' }];

function body(members: object) {
  const receipt = new Receipt();
  const document = { model: 'm', messages: HI, ...members } as unknown as JsonObject;
  const target = { model: 'claude-sonnet-4', platform: 'gcp', defaultMaxTokens: 9 } as const;
  const { members: sent } = claudeRequest(readChatRequest(document, false), target, receipt);
  return { tools: sent['tools'], toolChoice: sent['tool_choice'], dropped: receipt.dropped };
}

const tool = (name: string, members: object = {}) => ({ type: 'function', function: { name, ...members } });
const F = tool('f');
const G = tool('g');

describe('definitions', () => {
  it.each([
    ['no parameters: G17', {}, { description: '', input_schema: { type: 'object', properties: {} } }],
    [
      'null parameters: G17',
      { parameters: null },
      { description: '', input_schema: { type: 'object', properties: {} } },
    ],
    ['empty parameters', { parameters: {} }, { description: '', input_schema: { type: 'object' } }],
    [
      'a schema without a type',
      { parameters: { properties: { a: {} } } },
      { description: '', input_schema: { type: 'object', properties: { a: {} } } },
    ],
    [
      'a schema without properties',
      { parameters: { type: 'object' } },
      { description: '', input_schema: { type: 'object' } },
    ],
    [
      'required fields',
      { parameters: { type: 'object', required: ['a'] } },
      { description: '', input_schema: { type: 'object', required: ['a'] } },
    ],
    [
      'required that is no list',
      { parameters: { required: true } },
      { description: '', input_schema: { type: 'object' } },
    ],
    [
      'a nested schema with all its keys',
      { parameters: { type: 'object', $defs: { x: { minimum: 1 } }, properties: { a: { $ref: '#/$defs/x' } } } },
      {
        description: '',
        input_schema: { type: 'object', $defs: { x: { minimum: 1 } }, properties: { a: { $ref: '#/$defs/x' } } },
      },
    ],
    ['a description', { description: 'd', parameters: {} }, { description: 'd', input_schema: { type: 'object' } }],
    ['strict', { strict: true, parameters: {} }, { description: '', input_schema: { type: 'object' }, strict: true }],
    ['not strict', { strict: false, parameters: {} }, { description: '', input_schema: { type: 'object' } }],
    [
      'a cache marker with its time',
      { parameters: {}, cache_control: { type: 'ephemeral', ttl: '1h' } },
      { description: '', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral', ttl: '1h' } },
    ],
  ])('sends a function with %s', (_, members, sent) => {
    expect(body({ tools: [tool('f', members)] })).toEqual({ tools: [{ name: 'f', ...sent }], dropped: [] });
  });

  it('keeps a parameter whose name JavaScript treats specially', () => {
    const parameters: unknown = JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}');
    expect(JSON.stringify(body({ tools: [tool('f', { parameters })] }).tools)).toContain(
      '"properties":{"__proto__":{"type":"string"}}',
    );
  });

  it.each([
    [
      { type: 'google_search', google_search: {} },
      '"tools[0]" to Claude: found a tool of another type, expected one of type "function"',
    ],
    [
      { function: { name: 'f' } },
      '"tools[0]" to Claude: found a tool of another type, expected one of type "function"',
    ],
    [{ type: 'function' }, '"tools[0]" to Claude: found no "function", expected the definition of one'],
    [
      tool('f', { parameters: [1] }),
      '"tools[0].function.parameters" to Claude: found an array, expected a JSON schema, which is an object',
    ],
  ])('refuses %j', (definition, message) => {
    expect(() => body({ tools: [definition] })).toThrow(`cannot send ${message}`);
  });
});

describe('the choice', () => {
  it.each([
    ['nothing', {}, undefined],
    ['G30: no parallel calls', { parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    ['parallel calls', { parallel_tool_calls: true }, undefined],
    ['auto', { tool_choice: 'auto' }, { type: 'auto', disable_parallel_tool_use: false }],
    [
      'auto, one by one',
      { tool_choice: 'auto', parallel_tool_calls: false },
      { type: 'auto', disable_parallel_tool_use: true },
    ],
    [
      'auto, in parallel',
      { tool_choice: 'auto', parallel_tool_calls: true },
      { type: 'auto', disable_parallel_tool_use: false },
    ],
    ['required', { tool_choice: 'required' }, { type: 'any', disable_parallel_tool_use: false }],
    ['any', { tool_choice: 'any' }, { type: 'any', disable_parallel_tool_use: false }],
    ['none', { tool_choice: 'none', parallel_tool_calls: false }, { type: 'none' }],
    ['a named one', { tool_choice: tool('f') }, { type: 'tool', name: 'f', disable_parallel_tool_use: false }],
  ])('is %s', (_, members, toolChoice) => {
    const { toolChoice: sent, dropped } = body({ tools: [F], ...members });
    expect(sent).toEqual(toolChoice);
    expect(dropped).toEqual([]);
  });

  it('G53: sends only the allowed tools, with their mode', () => {
    const allowed = (mode: string, ...tools: object[]) => ({ type: 'allowed_tools', allowed_tools: { mode, tools } });
    const names = (sent: unknown) => (sent as { name: string }[]).map(({ name }) => name);
    const auto = body({ tools: [F, G], tool_choice: allowed('auto', tool('g')) });
    expect(names(auto.tools)).toEqual(['g']);
    expect(auto.toolChoice).toEqual({ type: 'auto', disable_parallel_tool_use: false });
    const required = body({ tools: [F, G], tool_choice: allowed('required', tool('g'), tool('f')) });
    expect(names(required.tools)).toEqual(['f', 'g']);
    expect(required.toolChoice).toEqual({ type: 'any', disable_parallel_tool_use: false });
    expect(() => body({ tools: [F], tool_choice: allowed('auto', tool('h')) })).toThrow(
      '"tool_choice" allows only tools that are not in "tools": name at least one that is',
    );
  });

  it.each(['function', 'sometimes'])('refuses the word %s', (word) => {
    expect(() => body({ tools: [F], tool_choice: word })).toThrow(
      `"tool_choice" must be "auto", "none", "required" or an object that names a tool, found "${word}"`,
    );
  });

  it('G53: refuses an object of another type, and one without a name', () => {
    expect(() => body({ tools: [F], tool_choice: { type: 'mcp' } })).toThrow('"tool_choice.type" must be');
    expect(() => body({ tools: [F], tool_choice: { type: 'function', function: {} } })).toThrow(
      'must be the name of a tool',
    );
  });

  it('is left out without tools, and told where it matters', () => {
    expect(body({ tool_choice: 'auto' })).toEqual({ dropped: [] });
    expect(body({ tools: [], tool_choice: 'required' })).toEqual({ dropped: ['tool_choice'] });
  });
});

it('defines the tools of the history when the client defines none, and lets none be called', () => {
  const messages = [
    { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] },
    { role: 'tool', tool_call_id: 'a', content: 'x' },
  ];
  expect(body({ messages })).toEqual({
    tools: [{ name: 'f', input_schema: { type: 'object', properties: {} } }],
    toolChoice: { type: 'none' },
    dropped: [],
  });
});
