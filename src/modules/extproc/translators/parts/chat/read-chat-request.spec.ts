import { describe, expect, it } from '@jest/globals';
import { parseJson, type JsonObject } from '../../../codec/json-value.js';
import { readChatRequest } from './read-chat-request.js';

const documentOf = (value: unknown) => parseJson(JSON.stringify(value)) as JsonObject;
const read = (members: object, isStreaming = false) =>
  readChatRequest(documentOf({ messages: [], ...members }), isStreaming);

describe('the top level of a chat request', () => {
  it('reads what is there and leaves out what is not', () => {
    const document = documentOf({ messages: [], model: 'm' });
    expect(readChatRequest(document, true)).toEqual({
      messages: [],
      isStreaming: true,
      stop: [],
      tools: [],
      fields: document,
    });
  });

  it('reads every field by its name', () => {
    const given = {
      max_tokens: 5,
      temperature: 0.5,
      top_p: 0.25,
      top_k: 3,
      presence_penalty: 1,
      frequency_penalty: -1,
      seed: 7,
      n: 2,
      logprobs: true,
      top_logprobs: 4,
      user: 'u',
      service_tier: 'flex',
      parallel_tool_calls: false,
      reasoning_effort: 'xhigh',
      guided_choice: ['a', 'b'],
      guided_regex: '[a-z]',
      guided_json: { type: 'string' },
      safetySettings: [{ category: 'c', threshold: 't' }],
      generationConfig: { media_resolution: 'high', other: 1 },
      stop: 'end',
    };
    expect(read(given)).toMatchObject({
      maxTokens: 5,
      temperature: 0.5,
      topP: 0.25,
      topK: 3,
      presencePenalty: 1,
      frequencyPenalty: -1,
      seed: 7,
      n: 2,
      logprobs: true,
      topLogprobs: 4,
      user: 'u',
      serviceTier: 'flex',
      parallelToolCalls: false,
      reasoningEffort: 'xhigh',
      guidedChoice: ['a', 'b'],
      guidedRegex: '[a-z]',
      guidedJson: { type: 'string' },
      safetySettings: [{ category: 'c', threshold: 't' }],
      mediaResolution: 'high',
      stop: ['end'],
    });
  });

  it('reads every null as absent', () => {
    const names = (
      'max_tokens max_completion_tokens temperature top_p top_k presence_penalty frequency_penalty seed n logprobs ' +
      'top_logprobs user service_tier parallel_tool_calls reasoning_effort tools tool_choice stop response_format ' +
      'thinking guided_choice guided_regex guided_json safetySettings generationConfig'
    ).split(' ');
    const { fields: _fields, ...rest } = read(Object.fromEntries(names.map((name) => [name, null])));
    expect(rest).toEqual({ messages: [], isStreaming: false, stop: [], tools: [] });
  });

  it.each([
    [{ max_tokens: 1, max_completion_tokens: 2 }, 2],
    [{ max_tokens: 1, max_completion_tokens: null }, 1],
    [{ max_completion_tokens: 0 }, 0],
  ])('takes the token limit of %j', (members, maxTokens) => {
    expect(read(members).maxTokens).toBe(maxTokens);
  });

  it.each([
    ['a', ['a']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [[], []],
  ])('reads the stop %j', (stop, expected) => {
    expect(read({ stop }).stop).toEqual(expected);
  });

  it.each([
    [{ type: 'text' }, { type: 'text' }],
    [{ type: 'json_object', more: 1 }, { type: 'json_object' }],
    [
      { type: 'json_schema', json_schema: { name: 'n', description: 'd', strict: true, schema: { type: 'object' } } },
      { type: 'json_schema', name: 'n', description: 'd', strict: true, schema: { type: 'object' } },
    ],
    [
      { type: 'json_schema', json_schema: { schema: 'text' } },
      { type: 'json_schema', schema: 'text' },
    ],
  ])('reads the response format %j', (format, expected) => {
    expect(read({ response_format: format }).responseFormat).toEqual(expected);
  });

  it.each([
    [
      { type: 'enabled', budget_tokens: 9, includeThoughts: true, display: 'omitted' },
      { type: 'enabled', budgetTokens: 9, includeThoughts: true, display: 'omitted' },
    ],
    [{ type: 'enabled' }, { type: 'enabled' }],
    [{ type: 'disabled', budget_tokens: 9 }, { type: 'disabled' }],
    [
      { type: 'adaptive', display: 'summarized' },
      { type: 'adaptive', display: 'summarized' },
    ],
  ])('reads the thinking %j', (thinking, expected) => {
    expect(read({ thinking }).thinking).toEqual(expected);
  });

  it('keeps numbers that JavaScript would write in another way inside of what it hands through', () => {
    const document = parseJson('{"messages":[],"guided_json":{"maximum":12345678901234567890,"n":1.0}}') as JsonObject;
    expect(JSON.stringify(readChatRequest(document, false).guidedJson)).toBe(
      '{"maximum":12345678901234567890,"n":1.0}',
    );
  });

  it('reads 10,000 messages and 1,000 tools in a moment', () => {
    const messages = Array.from({ length: 10_000 }, (_, index) => ({ role: 'user', content: `text ${index}` }));
    const tools = Array.from({ length: 1000 }, (_, index) => ({ type: 'function', function: { name: `f${index}` } }));
    const document = documentOf({ messages, tools });
    const start = performance.now();
    expect(readChatRequest(document, false).messages).toHaveLength(10_000);
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('tools and their choice', () => {
  it('reads functions and keeps the rest as it is', () => {
    const search = { type: 'google_search', google_search: { exclude_domains: ['a'] } };
    const definition = { name: 'f', description: 'd', strict: true, parameters: { type: 'object' } };
    const f = { type: 'function', function: { ...definition, cache_control: { type: 'ephemeral' } } };
    expect(
      read({ tools: [f, search, { type: 'function' }, { function: { name: 'g', parameters: null } }] }).tools,
    ).toEqual([
      { path: 'tools[0]', type: 'function', function: { ...definition, cacheControl: {} }, raw: f },
      { path: 'tools[1]', type: 'google_search', function: undefined, raw: search },
      { path: 'tools[2]', type: 'function', function: undefined, raw: { type: 'function' } },
      { path: 'tools[3]', type: '', function: { name: 'g' }, raw: { function: { name: 'g', parameters: null } } },
    ]);
  });

  it.each([
    ['auto', { kind: 'auto' }],
    ['none', { kind: 'none' }],
    ['required', { kind: 'required' }],
    ['any', { kind: 'required' }],
    [
      { type: 'function', function: { name: 'f' } },
      { kind: 'function', name: 'f' },
    ],
    [
      { type: 'custom', custom: { name: 'f' } },
      { kind: 'function', name: 'f' },
    ],
    [
      {
        type: 'allowed_tools',
        allowed_tools: {
          mode: 'required',
          tools: [
            { type: 'function', function: { name: 'f' } },
            { type: 'custom', custom: { name: 'g' } },
          ],
        },
      },
      { kind: 'allowed', mode: 'required', names: ['f', 'g'] },
    ],
    [
      { type: 'allowed_tools', allowed_tools: { tools: [{ type: 'function', function: { name: 'f' } }] } },
      { kind: 'allowed', mode: 'auto', names: ['f'] },
    ],
  ])('G53: reads the choice %j', (choice, expected) => {
    expect(read({ tool_choice: choice }).toolChoice).toEqual(expected);
  });
});
