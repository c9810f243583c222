import { describe, expect, it } from '@jest/globals';
import { readMembers, refusalOf } from '../../../../../../test/harness/responses-request.js';
import type { JsonObject } from '../../../codec/json-value.js';

describe('the tools of a Responses request', () => {
  it('18.3.3: reads functions and custom tools', () => {
    const parameters = { type: 'object', properties: {} };
    const { chat, customTools, dropped } = readMembers({
      tools: [
        { type: 'function', name: 'f', description: 'd', parameters, strict: true },
        { type: 'function', name: 'g', parameters: null, strict: false },
        { type: 'custom', name: 'c', description: 'runs' },
        {
          type: 'custom',
          name: 'e',
          description: 'x',
          format: { type: 'grammar', syntax: 'lark', definition: 'start: "a"' },
        },
      ],
    });
    const input = {
      type: 'object',
      properties: { input: { type: 'string' } },
      required: ['input'],
      additionalProperties: false,
    };
    expect(chat.tools.map(({ path, type, function: definition }) => ({ path, type, definition }))).toEqual([
      { path: 'tools[0]', type: 'function', definition: { name: 'f', description: 'd', parameters, strict: true } },
      { path: 'tools[1]', type: 'function', definition: { name: 'g' } },
      { path: 'tools[2]', type: 'function', definition: { name: 'c', description: 'runs', parameters: input } },
      {
        path: 'tools[3]',
        type: 'function',
        definition: {
          name: 'e',
          description: 'x\n\nThe input must follow this lark grammar:\nstart: "a"',
          parameters: input,
        },
      },
    ]);
    expect([...customTools]).toEqual(['c', 'e']);
    expect(dropped).toEqual(['tools[3].format']);
  });

  it('gives Gemini its own web search', () => {
    const { chat, dropped } = readMembers(
      { tools: [{ type: 'web_search', search_context_size: 'low' }] },
      'GCPVertexAI',
    );
    expect(chat.tools).toEqual([
      { path: 'tools[0]', type: 'google_search', function: undefined, raw: { type: 'google_search' } },
    ]);
    expect(dropped).toEqual(['tools[0].search_context_size']);
  });

  it.each<[JsonObject['tool_choice'], unknown]>([
    ['auto', { kind: 'auto' }],
    ['none', { kind: 'none' }],
    ['required', { kind: 'required' }],
    [
      { type: 'function', name: 'f' },
      { kind: 'function', name: 'f' },
    ],
    [
      { type: 'custom', name: 'c' },
      { kind: 'function', name: 'c' },
    ],
    [
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'f' }] },
      { kind: 'allowed', mode: 'required', names: ['f'] },
    ],
    [null, undefined],
  ])('G53: reads the tool choice %j', (choice, expected) => {
    expect(readMembers({ tool_choice: choice }).chat.toolChoice).toEqual(expected);
  });

  const ONLY_OPENAI =
    'is run by OpenAI only. Leave the tool out, or give the model a tool of the type "function" or "custom".';
  it.each<[JsonObject, string]>([
    ...[
      'web_search',
      'file_search',
      'code_interpreter',
      'computer_use_preview',
      'image_generation',
      'mcp',
      'tool_search',
      'namespace',
    ].map((type): [JsonObject, string] => [
      { tools: [{ type }] },
      `422 "tools[0].type" cannot be used with this backend: a tool of the type "${type}" ${ONLY_OPENAI}`,
    ]),
    ...['local_shell', 'shell', 'apply_patch'].map((type): [JsonObject, string] => [
      { tools: [{ type }] },
      `422 "tools[0].type" cannot be used with this backend: only models of OpenAI know the tool "${type}" without a definition. Give the model a tool of the type "function" or "custom" in its place, with a name, a description and what it takes.`,
    ]),
    [
      { tool_choice: { type: 'mcp', server_label: 'x' } },
      `422 "tool_choice.type" cannot be used with this backend: a tool of the type "mcp" ${ONLY_OPENAI}`,
    ],
    [{ tools: [{ name: 'f' }] }, '400 malformed request: "tools[0].type" must be a string, found nothing'],
    [{ tools: [{ type: 'function' }] }, '400 malformed request: "tools[0].name" must be a string, found nothing'],
    [{ tools: {} }, '400 malformed request: "tools" must be an array, found an object'],
    [
      { tool_choice: 'any' },
      '400 malformed request: "tool_choice" must be "auto", "none", "required" or an object, found "any"',
    ],
    [
      { tool_choice: 7 },
      '400 malformed request: "tool_choice" must be "auto", "none", "required" or an object, found a number',
    ],
    [
      { tool_choice: { type: 'function', name: '' } },
      '400 malformed request: "tool_choice.name" must be the name of a tool, found a string',
    ],
    [
      { tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [] } },
      '400 malformed request: "tool_choice.tools" must be an array of at least one tool, found an array without items',
    ],
    [
      { tool_choice: { type: 'allowed_tools', mode: 'x', tools: [] } },
      '400 malformed request: "tool_choice.mode" must be "auto" or "required", found "x"',
    ],
  ])('refuses %j', (members, message) => {
    expect(refusalOf(members)).toBe(message);
  });
});
