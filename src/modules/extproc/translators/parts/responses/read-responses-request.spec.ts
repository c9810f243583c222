import { describe, expect, it } from '@jest/globals';
import { readMembers, refusalOf } from '../../../../../../test/harness/responses-request.js';
import { parseJson, type JsonObject } from '../../../codec/json-value.js';
import { readResponsesRequest } from './read-responses-request.js';

const chatOf = (members: JsonObject) => readMembers(members).chat;
const droppedOf = (members: JsonObject) => readMembers(members).dropped;

describe('the top level of a Responses request', () => {
  it('18.3.1: maps every field that chat knows', () => {
    const chat = chatOf({
      instructions: 'be brief',
      temperature: 0.5,
      top_p: 0.9,
      max_output_tokens: 99,
      user: 'u',
      service_tier: 'flex',
      parallel_tool_calls: false,
      reasoning: { effort: 'minimal', summary: 'auto' },
      include: ['message.output_text.logprobs'],
      top_logprobs: 3,
      text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true, description: 'd' } },
    });
    expect(chat).toMatchObject({
      isStreaming: false,
      messages: [
        { role: 'system', path: 'instructions', parts: [{ type: 'text', text: 'be brief' }], isPlain: true },
        { role: 'user', path: 'input', parts: [{ type: 'text', path: 'input', text: 'hi' }], isPlain: true },
      ],
      temperature: 0.5,
      topP: 0.9,
      maxTokens: 99,
      user: 'u',
      serviceTier: 'flex',
      parallelToolCalls: false,
      reasoningEffort: 'minimal',
      wantsVisibleThinking: true,
      logprobs: true,
      topLogprobs: 3,
      responseFormat: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true, description: 'd' },
    });
  });

  it('gives the backend the fields by the names of chat', () => {
    const { fields } = chatOf({
      max_output_tokens: 9,
      reasoning: { effort: 'low' },
      text: { verbosity: 'low', format: { type: 'text' } },
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
      guardrailConfig: { x: 1 },
      truncation: 'disabled',
      safety_identifier: null,
    });
    expect(fields).toEqual({
      max_completion_tokens: 9,
      reasoning_effort: 'low',
      verbosity: 'low',
      response_format: { type: 'text' },
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
      guardrailConfig: { x: 1 },
    });
  });

  it('does not let a field that is called __proto__ do harm', () => {
    const chat = readResponsesRequest(parseJson('{"input":"hi","__proto__":{"seed":7}}') as JsonObject, false, {
      schema: 'Anthropic',
    }).chat;
    expect(chat.seed).toBeUndefined();
    expect(Object.keys(chat.fields)).toContain('__proto__');
  });

  it.each<[string, JsonObject, string[]]>([
    [
      'members without effect',
      { truncation: 'disabled', store: false, background: false, stream_options: {}, include: null },
      [],
    ],
    ['the limit of tool calls', { max_tool_calls: 3 }, ['max_tool_calls']],
    ['automatic truncation', { truncation: 'auto' }, ['truncation']],
    [
      'what it does not include',
      { include: ['web_search_call.results', 'reasoning.encrypted_content'] },
      ['include[0]'],
    ],
    ['fields that only chat has', { seed: 1, thinking: { type: 'disabled' } }, ['seed', 'thinking']],
    ['unknown members of reasoning and text', { reasoning: { x: 1 }, text: { y: 2 } }, ['reasoning.x', 'text.y']],
  ])('tells of %s what is dropped', (_, members, dropped) => {
    expect(droppedOf(members)).toEqual(dropped);
  });

  it.each<[JsonObject, string]>([
    [
      { previous_response_id: 'resp_1' },
      '422 "previous_response_id" cannot be used with this backend: it keeps no responses. Send the whole conversation in "input".',
    ],
    [
      { conversation: { id: 'c' } },
      '422 "conversation" cannot be used with this backend: it keeps no responses. Send the whole conversation in "input".',
    ],
    [
      { prompt: { id: 'p' } },
      '422 "prompt" cannot be used with this backend: prompts kept at OpenAI are not within its reach. Send the whole conversation in "input".',
    ],
    [
      { background: true },
      '422 "background" cannot be used with this backend: it keeps no responses. Leave it out, or set it to false.',
    ],
    [
      { store: true },
      '422 "store" cannot be used with this backend: it keeps no responses. Leave it out, or set it to false.',
    ],
    [{ input: null }, '400 malformed request: "input" must be a string or an array of items, found null'],
    [{ input: ['hi'] }, '400 malformed request: "input[0]" must be an object, found a string'],
    [{ instructions: [] }, '400 malformed request: "instructions" must be a string, found an array'],
    [{ max_output_tokens: 1.5 }, '400 malformed request: "max_output_tokens" must be an integer, found a number'],
    [{ temperature: '1' }, '400 malformed request: "temperature" must be a number, found a string'],
    [{ include: 'x' }, '400 malformed request: "include" must be an array, found a string'],
    [{ reasoning: 'low' }, '400 malformed request: "reasoning" must be an object, found a string'],
    [{ reasoning: { effort: 1 } }, '400 malformed request: "reasoning.effort" must be a string, found a number'],
    [{ text: { format: 'text' } }, '400 malformed request: "text.format" must be an object, found a string'],
    [
      { text: { format: { type: 'yaml' } } },
      '400 malformed request: "text.format.type" must be "text", "json_object" or "json_schema", found "yaml"',
    ],
  ])('refuses %j', (members, message) => {
    expect(refusalOf(members)).toBe(message);
  });
});
