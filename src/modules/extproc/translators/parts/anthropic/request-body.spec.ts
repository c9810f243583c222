import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../codec/json-value.js';
import { Receipt } from '../../receipt.js';
import { readChatRequest } from '../chat/read-chat-request.js';
import { claudeRequest } from './request-body.js';

const DEFAULT_MAX_TOKENS = 4096;
const HI = [{ role: 'user', content: 'hi' }];

function request(model: string, members: object, more: object = {}) {
  const receipt = new Receipt();
  const document = { model: 'm', messages: HI, ...members } as unknown as JsonObject;
  const { members: sent, answerTool } = claudeRequest(
    { ...readChatRequest(document, false), ...more },
    { model, platform: 'anthropic', defaultMaxTokens: DEFAULT_MAX_TOKENS },
    receipt,
  );
  return { sent, answerTool, dropped: receipt.dropped };
}

const OLD = 'claude-3-5-haiku';
const A = 'claude-sonnet-4-5';
const OPUS_45 = 'claude-opus-4-5';
const B = 'claude-opus-4-6';
const C = 'claude-opus-4-7';
const OPUS_5 = 'claude-opus-5';
const FABLE = 'claude-fable-5';
const UNKNOWN = 'some-profile';
const F = { type: 'function', function: { name: 'f' } };
const enabled = (budget_tokens?: number, members: object = {}) => ({
  type: 'enabled',
  ...(budget_tokens && { budget_tokens }),
  ...members,
});

describe('max_tokens', () => {
  it.each([
    ['G30: the default', {}, DEFAULT_MAX_TOKENS],
    ['the old name', { max_tokens: 5 }, 5],
    ['the new name first', { max_tokens: 5, max_completion_tokens: 6 }, 6],
    ['G30: the default above the budget', { thinking: enabled(9000) }, 9000 + DEFAULT_MAX_TOKENS],
    ['the client whatever the budget', { thinking: enabled(9000), max_tokens: 9001 }, 9001],
  ])('is %s', (_, members, expected) => {
    expect(request(A, members).sent['max_tokens']).toBe(expected);
  });
});

describe('thinking', () => {
  it.each([
    [A, enabled(2000), enabled(2000), []],
    [A, enabled(2000, { display: 'omitted' }), enabled(2000, { display: 'omitted' }), []],
    [A, enabled(), enabled(2048), []],
    [A, { type: 'disabled' }, { type: 'disabled' }, []],
    [A, { type: 'adaptive' }, enabled(2048), ['thinking']],
    [OLD, enabled(2000), undefined, ['thinking']],
    [B, enabled(2000), enabled(2000), []],
    [B, { type: 'adaptive', display: 'omitted' }, { type: 'adaptive', display: 'omitted' }, []],
    [C, enabled(2000), { type: 'adaptive', display: 'summarized' }, ['thinking.budget_tokens']],
    [C, { type: 'adaptive' }, { type: 'adaptive', display: 'summarized' }, []],
    [C, { type: 'adaptive', display: 'omitted' }, { type: 'adaptive', display: 'omitted' }, []],
    [C, { type: 'disabled' }, { type: 'disabled' }, []],
    [FABLE, { type: 'disabled' }, undefined, ['thinking']],
    [UNKNOWN, enabled(2000), enabled(2000), []],
    [UNKNOWN, { type: 'adaptive' }, { type: 'adaptive' }, []],
    [
      C,
      enabled(2000, { includeThoughts: false }),
      { type: 'adaptive', display: 'summarized' },
      ['thinking.includeThoughts', 'thinking.budget_tokens'],
    ],
  ])('G50: of %s asked %j is %j', (model, thinking, expected, dropped) => {
    const { sent, dropped: told } = request(model, { thinking });
    expect(sent['thinking']).toEqual(expected);
    expect(told).toEqual(dropped);
  });

  it.each([
    [1024, undefined],
    [1025, 1024],
    [2000, 1024],
    [9000, 4500],
  ])('has a budget below max_tokens %i: %s', (max_tokens, budget) => {
    const { sent } = request(A, { max_tokens, thinking: { type: 'adaptive' } });
    expect(sent['thinking']).toEqual(budget === undefined ? undefined : enabled(budget));
  });

  it.each([
    ['a forced tool', { tools: [F], tool_choice: 'required' }],
    ['a named tool', { tools: [F], tool_choice: F }],
    ['a begun answer', { messages: [...HI, { role: 'assistant', content: 'So' }] }],
    [
      'calls without their thinking',
      {
        messages: [
          { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] },
          { role: 'tool', tool_call_id: 'a', content: 'x' },
        ],
      },
    ],
  ])('gives way to %s', (_, members) => {
    const { sent, dropped } = request(A, { ...members, thinking: enabled(2000), temperature: 0.5 });
    expect(sent['thinking']).toBeUndefined();
    expect(sent['temperature']).toBe(0.5);
    expect(dropped).toEqual(['thinking']);
  });

  it.each([
    [B, { type: 'adaptive', display: 'summarized' }],
    [C, { type: 'adaptive', display: 'summarized' }],
    [A, undefined],
    [UNKNOWN, undefined],
  ])('of %s is %j when the client only wants to see it', (model, expected) => {
    expect(request(model, {}, { wantsVisibleThinking: true }).sent['thinking']).toEqual(expected);
  });
});

describe('reasoning_effort', () => {
  it.each([
    [OPUS_45, 'low', 'low', []],
    [OPUS_45, 'medium', 'medium', []],
    [OPUS_45, 'high', 'high', []],
    [OPUS_45, 'xhigh', 'high', ['reasoning_effort']],
    [OPUS_45, 'max', 'high', ['reasoning_effort']],
    [OPUS_45, 'minimal', 'low', ['reasoning_effort']],
    [B, 'xhigh', 'high', ['reasoning_effort']],
    [B, 'max', 'max', []],
    ['claude-sonnet-4-6', 'medium', 'medium', []],
    [C, 'xhigh', 'xhigh', []],
    ['claude-opus-4-8', 'max', 'max', []],
    ['claude-sonnet-5', 'low', 'low', []],
    [FABLE, 'high', 'high', []],
    ['claude-mythos-5', 'high', 'high', []],
    ['claude-mythos-preview', 'high', 'high', []],
    [A, 'high', undefined, ['reasoning_effort']],
    [A, 'nonsense', undefined, ['reasoning_effort']],
    [UNKNOWN, 'high', undefined, ['reasoning_effort']],
  ])('of %s asked %s is %s', (model, reasoning_effort, effort, dropped) => {
    const { sent, dropped: told } = request(model, { reasoning_effort });
    expect(sent['output_config']).toEqual(effort === undefined ? undefined : { effort });
    expect(told).toEqual(dropped);
  });

  it('is refused when it is no word of the list', () => {
    expect(() => request(C, { reasoning_effort: 'hard' })).toThrow(
      'cannot send "reasoning_effort" to Claude: found another word, expected none, minimal, low, medium, high, xhigh or max',
    );
  });

  it.each([
    [A, { type: 'disabled' }, []],
    [B, { type: 'disabled' }, []],
    [C, { type: 'disabled' }, []],
    [OLD, undefined, []],
    [UNKNOWN, undefined, []],
    [FABLE, undefined, ['reasoning_effort']],
  ])('none of %s is %j', (model, thinking, dropped) => {
    const { sent, dropped: told } = request(model, { reasoning_effort: 'none' });
    expect(sent['thinking']).toEqual(thinking);
    expect(sent['output_config']).toBeUndefined();
    expect(told).toEqual(dropped);
  });

  it('none gives way to thinking that is spelled out', () => {
    const { sent, dropped } = request(B, { reasoning_effort: 'none', thinking: { type: 'adaptive' } });
    expect(sent['thinking']).toEqual({ type: 'adaptive' });
    expect(dropped).toEqual(['reasoning_effort']);
  });

  it('is at most high of Opus 5 without thinking', () => {
    const { sent, dropped } = request(OPUS_5, { reasoning_effort: 'max', thinking: { type: 'disabled' } });
    expect(sent['output_config']).toEqual({ effort: 'high' });
    expect(dropped).toEqual(['reasoning_effort']);
  });
});

describe('sampling', () => {
  const THINKING = { thinking: enabled(2000) };

  it.each([
    [OLD, { temperature: 0.5, top_p: 0.9, top_k: 3 }, { temperature: 0.5, top_p: 0.9, top_k: 3 }, []],
    [A, { temperature: 0.5, top_p: 0.9, top_k: 3 }, { temperature: 0.5, top_k: 3 }, ['top_p']],
    [A, { top_p: 0.9 }, { top_p: 0.9 }, []],
    [B, { temperature: 0.5, top_p: 0.9 }, { temperature: 0.5, top_p: 0.9 }, []],
    [C, { temperature: 0.5, top_p: 0.9, top_k: 3 }, {}, ['temperature', 'top_p', 'top_k']],
    [C, { temperature: 1, top_p: 1 }, {}, []],
    [A, { ...THINKING, temperature: 0.5, top_p: 0.9, top_k: 3 }, {}, ['temperature', 'top_p', 'top_k']],
    [B, { ...THINKING, temperature: 1, top_p: 0.95 }, { temperature: 1, top_p: 0.95 }, []],
    [UNKNOWN, { temperature: 0, top_p: 0.1 }, { temperature: 0, top_p: 0.1 }, []],
  ])('G50: of %s asked %j is %j', (model, members, expected, dropped) => {
    const { sent, dropped: told } = request(model, members);
    const { temperature, top_p, top_k } = sent;
    expect({ temperature, top_p, top_k }).toEqual(expected);
    expect(told).toEqual(dropped);
  });

  it.each([-0.1, 1.01, 2])('refuses the temperature %d, above or below the range', (temperature) => {
    expect(() => request(A, { temperature })).toThrow(
      `"temperature" must be from 0 to 1 for Claude, found ${temperature}`,
    );
  });
});

describe('response_format', () => {
  const ofSchema = (schema: unknown, members: object = {}) => ({
    response_format: { type: 'json_schema', json_schema: { name: 'out', schema, ...members } },
  });
  const OBJECT = { type: 'object', properties: { a: { type: 'integer' } } };
  const CLOSED = { ...OBJECT, additionalProperties: false };

  it.each([A, B, C, 'claude-opus-4-1'])('is the own format of %s, with closed objects', (model) => {
    const { sent, dropped, answerTool } = request(model, { ...ofSchema(OBJECT), reasoning_effort: undefined });
    expect(sent['output_config']).toEqual({ format: { type: 'json_schema', schema: CLOSED } });
    expect([answerTool, dropped, sent['tools']]).toEqual([undefined, [], undefined]);
  });

  it('goes beside an effort', () => {
    const { sent } = request(B, { ...ofSchema(CLOSED), reasoning_effort: 'low' });
    expect(sent['output_config']).toEqual({ effort: 'low', format: { type: 'json_schema', schema: CLOSED } });
  });

  it.each([OLD, UNKNOWN, 'claude-sonnet-4'])('G30: is a forced tool for %s', (model) => {
    const { sent, dropped, answerTool } = request(model, ofSchema(OBJECT, { description: 'The sum.' }));
    expect(answerTool).toBe('json');
    expect(sent['output_config']).toBeUndefined();
    expect(sent['tools']).toEqual([
      {
        name: 'json',
        description: 'Gives the answer to the user: its input is the whole answer. The sum.',
        input_schema: OBJECT,
      },
    ]);
    expect(sent['tool_choice']).toEqual({ type: 'tool', name: 'json', disable_parallel_tool_use: true });
    expect(dropped).toEqual([]);
  });

  it('G30: lets the tools of the client be called before', () => {
    const tool = { type: 'function', function: { name: 'json' } };
    const { sent, answerTool } = request(OLD, { ...ofSchema(OBJECT), tools: [tool] });
    expect(answerTool).toBe('json_');
    expect((sent['tools'] as { name: string }[]).map(({ name }) => name)).toEqual(['json', 'json_']);
    expect(sent['tool_choice']).toEqual({ type: 'any', disable_parallel_tool_use: false });
  });

  it('G30: gives way to a tool that the client forces', () => {
    const { sent, answerTool, dropped } = request(OLD, { ...ofSchema(OBJECT), tools: [F], tool_choice: 'required' });
    expect([answerTool, dropped]).toEqual([undefined, ['response_format']]);
    expect(sent['tool_choice']).toEqual({ type: 'any', disable_parallel_tool_use: false });
  });

  it.each([
    ['a limit', { type: 'object', properties: { a: { type: 'integer', minimum: 1 } } }],
    ['a length', { type: 'object', properties: { a: { type: 'array', items: { maxLength: 1 } } } }],
    ['many items', { type: 'array', minItems: 2 }],
    ['an open object', { type: 'object', additionalProperties: true }],
    ['another document', { $ref: 'https://a/b' }],
    ['recursion', { $ref: '#/$defs/a', $defs: { a: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/a' }] } } }],
    ['recursion to the top', { type: 'object', properties: { a: { $ref: '#' } } }],
    ['depth', deep(70)],
  ])('G30: is a forced tool for a schema with %s', (_, schema) => {
    expect(request(A, ofSchema(schema)).answerTool).toBe('json');
  });

  it.each([
    ['one item at least', { type: 'array', minItems: 1, items: OBJECT }],
    [
      'references without recursion',
      { $defs: { a: OBJECT }, properties: { b: { $ref: '#/$defs/a' }, c: { $ref: '#/$defs/a' } } },
    ],
    ['a reference to nothing', { $ref: '#/$defs/__proto__' }],
    ['a property named as a limit', { type: 'object', properties: { minimum: { type: 'integer' } } }],
  ])('is the own format for a schema with %s', (_, schema) => {
    expect(request(A, ofSchema(schema)).sent['output_config']).toBeDefined();
  });

  it('refuses a schema that a model cannot be held to in any way', () => {
    expect(() => request(FABLE, ofSchema({ type: 'object', maxProperties: 1 }))).toThrow(
      'cannot send "response_format.json_schema.schema" to Claude: found "maxProperties", expected a schema without it, or a model that can be made to call a tool',
    );
  });

  it.each([
    [undefined, 'nothing'],
    [[], 'an array'],
    [true, 'a boolean'],
  ])('refuses the schema %j', (schema, found) => {
    expect(() => request(A, ofSchema(schema))).toThrow(
      `cannot send "response_format.json_schema.schema" to Claude: found ${found}, expected a JSON schema, which is an object`,
    );
  });

  it.each([
    ['text', []],
    ['json_object', ['response_format']],
  ])('of type %s changes nothing and tells %j', (type, dropped) => {
    expect(request(A, { response_format: { type } })).toMatchObject({
      answerTool: undefined,
      dropped,
      sent: { messages: [{}] },
    });
  });

  function deep(levels: number): object {
    return levels === 0 ? { type: 'string' } : { type: 'array', items: deep(levels - 1) };
  }
});

describe('other members', () => {
  it('G30: sends the user as metadata, and no blank stop sequence', () => {
    const { sent, dropped } = request(A, { user: 'u', stop: ['a', ' \n', 'b'] });
    expect(sent['metadata']).toEqual({ user_id: 'u' });
    expect(sent['stop_sequences']).toEqual(['a', 'b']);
    expect(dropped).toEqual(['stop']);
  });

  it('takes a single stop sequence', () => {
    expect(request(A, { stop: 'x' }).sent['stop_sequences']).toEqual(['x']);
  });

  it('tells what Claude does not know, and keeps silent about what changes nothing', () => {
    const lost = {
      seed: 1,
      n: 2,
      logprobs: true,
      top_logprobs: 2,
      presence_penalty: 1,
      frequency_penalty: -1,
      logit_bias: { 5: 1 },
      service_tier: 'flex',
      modalities: ['text', 'audio'],
      audio: { voice: 'v' },
      prediction: { type: 'content' },
      web_search_options: {},
      guided_choice: ['a'],
      guided_regex: 'a',
      guided_json: {},
      safetySettings: [],
      verbosity: 'low',
      metadata: { a: 'b' },
      anything_new: 1,
    };
    const silent = {
      store: false,
      stream_options: { include_usage: true },
      parallel_tool_calls: true,
      max_tokens: null,
    };
    expect([...request(A, { ...lost, ...silent }).dropped].sort()).toEqual(Object.keys(lost).sort());
  });
});
